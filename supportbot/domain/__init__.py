"""Plain data of the support desk, in the words of the glossary: no input or output happens here."""
