#!/usr/bin/env python3
"""Plays transcripts on MIDGE_SERVER and prints every answer that differs, for the day's work.

    tests/jetstream/compare.py [FILE...]
"""

import pathlib
import sys

import api_transcript as transcripts


def main():
    files = [transcripts.Transcript(pathlib.Path(path).resolve()) for path in sys.argv[1:]]
    same = different = 0
    for one in files or transcripts.load_all():
        with transcripts.Player(one) as player:
            for step, answers in player.play():
                wanted = step.wanted or step.recorded
                if answers == wanted:
                    same += 1
                    continue
                different += 1
                print(f"{one.name}:{step.number}: {step.line[:200]}")
                for ours, theirs in zip(answers + [""] * len(wanted), wanted + [""] * len(answers)):
                    if ours != theirs:
                        at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b),
                                  min(len(ours), len(theirs)))
                        at = max(at - 60, 0)
                        print(f"   ours   …{ours[at:at + 240]}\n   theirs …{theirs[at:at + 240]}")
    print(f"{same} the same, {different} different")


if __name__ == "__main__":
    main()
