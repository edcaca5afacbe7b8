"""Makes a large knowledge base: ``python benchmarks/generate_articles.py 10000 > large.jsonl``, the same each time.

Each article is about one thing of one product, and is asked in three ways that share little but what they are about.
With ``--messages FILE``, messages in yet other words are written there, as ``benchmarks/faq.py`` reads them.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

SEED = 7
DEEDS = {
    "export": "get out|download|save a copy of",
    "delete": "remove|get rid of|throw away",
    "share": "send|give somebody access to|show others",
    "rename": "change the name of|call differently|retitle",
    "restore": "bring back|recover|undo the loss of",
    "archive": "put away|hide|store for later",
    "print": "put on paper|make a paper copy of|send to the printer",
    "import": "bring in|load|upload",
    "copy": "duplicate|make another of|clone",
    "lock": "protect|keep others from changing|freeze",
    "sort": "order|rearrange|put in order",
    "translate": "read in another language|put into my language|switch the language of",
    "schedule": "plan|set a time for|automate",
    "approve": "sign off|confirm|say yes to",
    "filter": "narrow down|find some of|show only part of",
    "merge": "join|put together|combine",
}
THINGS = """
    invoice report timesheet contract expense budget project calendar contact note task board dashboard form survey
    ticket template signature receipt quote order shipment payslip holiday absence meeting recording photo drawing map
    playlist newsletter campaign account subscription licence certificate backup server domain mailbox
    """.split()  # noqa: SIM905  words read better than a column of quotes
PRODUCTS = """
    Tidemark Harbour Lantern Juniper Copper Meadow Falcon Granite Willow Ember Saffron Cobalt Marble Thistle Orchid
    Walnut Cinder Pebble
    """.split()  # noqa: SIM905  as above
PHRASINGS = (
    "How do I {deed} my {thing} in {product}?",
    "{other} a {thing} with {product}",
    "{product}: {third} {thing}s",
)
MESSAGES = (
    "hi, can you tell me how to {deed} the {thing}s in {product}",
    "is there a way to {other} {product} {thing}s?",
)


def main() -> None:
    """Write the articles, and perhaps messages."""
    parser = argparse.ArgumentParser(description="Make a large knowledge base.")
    parser.add_argument("articles", type=int, help="how many")
    parser.add_argument("--messages", type=Path, help="where to write a thousand messages")
    options = parser.parse_args()
    for article, _ in generated(options.articles):
        sys.stdout.write(json.dumps(article) + "\n")
    if options.messages:
        options.messages.write_text("".join(json.dumps(one) + "\n" for one in messages(options.articles)), "utf-8")


def generated(count: int) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Generate articles, each with the words that it is about."""
    chance = random.Random(SEED)
    every = list(product(DEEDS, THINGS, PRODUCTS))
    if count > len(every):
        raise SystemExit(f"at most {len(every)} articles can be told apart; ask for fewer")
    for number, (deed, thing, name) in enumerate(chance.sample(every, count)):
        other, third, _ = chance.sample(DEEDS[deed].split("|"), 3)
        words = {"deed": deed, "thing": thing, "product": name, "other": other, "third": third}
        first, *others = (phrasing.format(**words) for phrasing in PHRASINGS)
        yield {"id": f"a{number}", "question": first, "alternatives": others, "answer": f"See {name}."}, words


def messages(count: int) -> Iterator[dict[str, str]]:
    """Generate messages, each with the article that answers it."""
    chance = random.Random(SEED)
    for article, words in chance.sample(list(generated(count)), min(count, 1_000)):
        yield {"text": chance.choice(MESSAGES).format(**words), "gold_id": article["id"]}


if __name__ == "__main__":
    main()
