"""A small site of one group whose ledger or attendance is kept as groups keep it."""

from __future__ import annotations

from pathlib import Path

from site_files import put

SITE = """name = "Situs uji"
place = "Desa rekaan"
language = "id"
period = [2024-01-01, 2024-12-31]
groups = [{groups}]
scale = [1, 4]
threshold = 2.5
rounding = "half-up"
evidence = "simulated"
"""
ITEMS = (
    "item,field_no,field_id,field_en,statement_id,statement_en,direction\n1,1,B,F,P,S,positive\n"
)
MEMBERS = "person,group,role,joined,left\n" + "".join(
    f"A{n},01,{'pengurus' if n == 1 else 'anggota'},2024-01-01,\n" for n in range(1, 6)
)
ACTIVITIES = """activity,kind,date,start,end,place,title_id,title_en
rapat_1,meeting,2024-03-01,,,,Rapat pertama,First meeting
rapat_2,meeting,2024-04-05,,,,Rapat kedua,Second meeting
"""


def kept_site(folder: Path, groups: str = '"01"', **files: str) -> Path:
    """Write a site with its members and the tables given, by name, as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    put(folder, "site.toml", SITE.format(groups=groups))
    tables = {"items": ITEMS, "members": MEMBERS} | files
    for name, content in tables.items():
        put(folder, f"{name}.csv", content)
    return folder
