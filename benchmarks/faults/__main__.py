"""Faults survived, counted: `python -m benchmarks.faults bytes|kills|crowds|disk [--count N] [--seed S] [--only NAME]`.

Each case of a campaign is one line of --log, so that a campaign goes on where it stopped. `table` prints what the log
holds, for docs/reliability.md. Run from the repository's folder, with requirements-dev.txt installed; Linux.

kills and disk have a subject for each stage of --preset phone, "phone recipe: export" for one of them. A run that is
left alone comes first (two and a half minutes of a core) and is kept beside the log; remove it when the program has
changed.
"""

import argparse
from importlib import import_module
from pathlib import Path

from benchmarks.faults import log

CAMPAIGNS = {"bytes": "damage", "kills": "kills", "crowds": "crowds", "disk": "disk"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", choices=[*CAMPAIGNS, "table"])
    parser.add_argument("--count", type=int, default=100, help="cases of each subject (crowds: requests)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="subjects, of all that the campaign has")
    parser.add_argument("--log", type=Path, default=Path("runs/faults.jsonl"))
    arguments = parser.parse_args()
    if arguments.campaign != "table":
        campaign = import_module(f"benchmarks.faults.{CAMPAIGNS[arguments.campaign]}")
        if unknown := set(arguments.only or ()) - set(campaign.SUBJECTS):
            parser.error(f"--only {' '.join(sorted(unknown))}: expected some of {', '.join(campaign.SUBJECTS)}")
        for subject in arguments.only or campaign.SUBJECTS:
            campaign.run(log.Log(arguments.log, arguments.campaign, subject, arguments.seed), arguments.count)
    print(log.table(arguments.log))


if __name__ == "__main__":
    main()
