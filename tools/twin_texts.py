"""The texts of the simulated twin: its assumptions, README.md and site.toml."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from kube_research.site.folder import Site
from tools.twin_draws import events_by_day
from tools.twin_plan import (
    COOP_PCT,
    DUE,
    HALF_MONTH,
    LAST_ITEMS,
    OFFICERS,
    OVERLAP,
    STIMULANT,
    Plan,
    Row,
)

MARK = "made by tools.twin: do not edit"

#: code | value | basis | why, in English | why, in Indonesian. The values in braces are computed.
_ASSUMED = """
groups | {groups} | published | The second printed list of the five groups; the first list differs (conflicts.csv of the published site). | Daftar tercetak kedua dari lima kelompok; daftar pertama berbeda (conflicts.csv situs asli).
group_start_window | {window} | derived | Five months running at the preparation meeting and nine months of accounts at KUBER, each counted to the nearest month (15 days either way). | Lima bulan berjalan pada rapat persiapan dan sembilan bulan keuangan pada KUBER, dibulatkan ke bulan terdekat (15 hari ke dua arah).
group_start | {start} | assumed | The first Monday on or after both durations counted back exactly ({points}); no day is printed. | Senin pertama setelah kedua lama itu dihitung mundur tepat ({points}); harinya tidak dicetak.
roster | {size} people: {each} in each group | assumed | No roster is printed. If the rater counts are themselves attendances inside the printed band, the only possible sizes for equal groups are: {sizes}. | Daftar anggota tidak dicetak. Bila jumlah penilai adalah kehadiran di dalam rentang tercetak, satu-satunya ukuran yang mungkin untuk kelompok yang sama besar: {sizes}.
officers | {officers} officers (pengurus) in each group | assumed | Chair, secretary and treasurer: the officers the study interviewed. The rest of a group are members. | Ketua, sekretaris, dan bendahara, seperti pengurus yang diwawancarai; selebihnya anggota.
joined | everybody on the day the groups start; nobody leaves | assumed | No change of membership is printed. | Perubahan keanggotaan tidak dicetak.
outsiders | one companion (P-1) and one community leader (T-1) | assumed | One companion and one leader are named as informants; that they are one each on the roster, and not counted in attendance, is ours. | Satu pendamping dan satu tokoh disebut sebagai informan; bahwa masing-masing hanya satu dan tidak dihitung dalam kehadiran adalah pilihan kami.
person_codes | {first_code} to {last_code}; P-1; T-1 | assumed | Made-up codes; raters carry their person code so that the overlap of the rounds is known. | Kode buatan; penilai memakai kode orangnya supaya irisan kedua putaran diketahui.
instrument_size | {items} items | assumed | The highest printed number is {top} and the last field needs items too; the true number is not printed. | Nomor tercetak tertinggi adalah {top} dan bidang terakhir juga memerlukan butir; jumlah sebenarnya tidak dicetak.
item_fields | {fields} | assumed | Numbers run on through the fields, so that every named item falls in its field. | Nomor berurut menurut bidang sehingga setiap butir bernama berada di bidangnya.
unnamed_items | {unnamed} items with stand-in wording | assumed | Only {known} statements are printed. | Hanya {known} pernyataan yang dicetak.
scale | {scale} | assumed | {scale_reason} | Tidak dicetak; lihat site.toml.
rounding | {rounding} | assumed | {rounding_reason} | Tidak dicetak; lihat site.toml.
raters_round_1 | {n1} | published | Printed. | Tercetak.
raters_round_1_by_group | as equal as possible over the groups | assumed | The spread over the groups is not printed. | Sebaran menurut kelompok tidak dicetak.
round_1_day | {peka_day} | assumed | The middle of the days from the start of the fieldwork to the first meeting; only bounds are printed. | Pertengahan antara awal penelitian dan pertemuan pertama; hanya batasnya yang tercetak.
named_totals | {named} | derived | The only whole-number totals that print as the published means under the assumed rounding. | Satu-satunya total bulat yang menghasilkan rata-rata tercetak menurut pembulatan yang diasumsikan.
unnamed_totals | from {lowest} to {highest} | assumed | A fixed pattern above both the threshold and every named item, so that the printed items are exactly the lowest. No such total is printed. | Pola tetap di atas ambang dan di atas semua butir bernama supaya butir tercetak tepat yang terendah. Total ini tidak dicetak.
rater_spread | rater up to 0.55 of a point either way, group 0.20, taste 0.65, chance 0.60 | assumed | A lenient or strict rater, a shared mood in a group, a lasting taste for an item, and chance; then steps of one point until the total is met. | Penilai longgar atau ketat, suasana kelompok, selera tetap terhadap butir, dan kebetulan; lalu langkah satu poin sampai total tercapai.
raters_round_2 | {n2} | published | Printed. | Tercetak.
raters_round_2_by_group | as equal as possible over the groups; who has one more is drawn | assumed | The spread over the groups is not printed. | Sebaran menurut kelompok tidak dicetak.
overlap | {overlap} raters in both rounds | assumed | The study does not say who rated twice; every comparison of persons rests on this. | Penelitian tidak menyebut siapa yang menilai dua kali; setiap perbandingan per orang bergantung pada asumsi ini.
round_2_direction | rises | published | The study says that the results rose and some aspects changed little; it prints no figure. | Penelitian menyatakan hasil naik dan sebagian aspek berubah sedikit; angkanya tidak dicetak.
round_2_named_totals | {later} | assumed | The round-1 mean carried over and rounded up, plus 1 point, plus 4 for each earlier activity that rtl.csv ties to the item; KUBER came later, so its items rise least. The size of every change is invented. | Rata-rata putaran 1 dibulatkan ke atas, ditambah 1 poin, ditambah 4 untuk tiap kegiatan sebelumnya dalam rtl.csv; KUBER sesudahnya, jadi butirnya naik paling sedikit. Besar setiap perubahan adalah rekaan.
round_2_unnamed_totals | from 2 points less to 4 more, by a fixed pattern | assumed | Nothing is printed of them. | Tidak ada yang dicetak tentangnya.
missing_scores | none | assumed | The printed means need every rater's score. | Rata-rata tercetak membutuhkan skor semua penilai.
attendance_band | {band} of {size} people | derived | The printed band of attendance, for every activity and not only on average. | Rentang kehadiran tercetak, berlaku untuk setiap kegiatan, bukan hanya rata-rata.
raters_attend | those present at a round are its raters, all of them | assumed | This ties the rater counts to the attendance band. | Asumsi ini mengaitkan jumlah penilai dengan rentang kehadiran.
attendance_activities | {events} | assumed | Every dated assessment, meeting and intervention; the whole roster is invited. | Semua penilaian, pertemuan, dan intervensi bertanggal; seluruh anggota diundang.
same_day | one status for all activities of a day | assumed | The two trainings, and the fourth meeting with round 2, share a day. | Kedua pelatihan, dan pertemuan keempat dengan putaran 2, berlangsung pada hari yang sama.
attendance_roles | officers hold 3 tickets, members 2, in the lottery of who comes | assumed | Officers are said to carry the work. Whoever never came before is drawn first on the last day. | Pengurus disebut memikul pekerjaan. Yang belum pernah datang didahulukan pada hari terakhir.
attendance_status | of those who came 1 in 6 late; of the others 5 absent, 4 excused, 1 represented in 10 | assumed | No list is printed. | Daftar hadir tidak dicetak.
ledger_period | {start} to {end} | assumed | From the groups' start to the end of the study; no ledger is printed, so every amount is invented. | Dari awal kelompok sampai akhir penelitian; buku tidak dicetak, jadi semua jumlah adalah rekaan.
stimulant | Rp {stimulant} per group, into kas on the first day | assumed | The study mentions the grant but prints no amount. | Penelitian menyebut bantuan stimulan tanpa jumlah.
business | groceries: sales of Rp 250,000 to 400,000 a day (80 to 120 % of that each day), stock for 80 to 86 % of sales | assumed | The study speaks of KUBE that sell sembako; amounts are ours, in thousands of rupiah. | Penelitian menyebut KUBE sembako; jumlahnya rekaan kami, dalam ribuan rupiah.
opening_costs | equipment Rp 3.0 to 4.5 million, stock Rp 9.0 to 11.5 million | assumed | Not printed. | Tidak dicetak.
writing_pace | Saturdays up to {rule_day}, then Monday to Saturday with 1 day in 12 missed | assumed | The first meeting agreed to write daily; how it was kept is not printed. | Pertemuan pertama menyepakati pencatatan harian; pelaksanaannya tidak dicetak.
member_deposit | Rp 10,000 to 20,000 a person on the first Saturday, 1 in 6 missed | assumed | Members' savings are printed, amounts are not. | Tabungan anggota disebut, jumlahnya tidak.
cooperative_savings | {coop_pct} % of the month's net profit from {coop_day} on, whole thousands | assumed | The third meeting agreed on a monthly deposit of profit; its share is not printed. | Pertemuan ketiga menyepakati setoran keuntungan bulanan; bagiannya tidak dicetak.
iks_shares | {shares} | published | Agreed at the first meeting. | Disepakati pada pertemuan pertama.
iks_base | the month's net profit in kas: sales less stock_purchase less cost | assumed | What the shares are shares of is not printed. Opening costs are left out; entries are made on the last working day of the month. | Dasar persentasenya tidak dicetak. Biaya awal tidak dihitung; dicatat pada hari kerja terakhir bulan itu.
iks_due | Rp {due} per group and month before the rule, not divided | assumed | Something must have been there to divide; the amount is ours. | Tentu sudah ada dana yang kemudian dibagi; jumlahnya rekaan kami.
iks_spending | sick members Rp 25,000 to 60,000; posyandu half of what is set aside for it each month | assumed | The purposes are printed, amounts and days are not. | Tujuannya tercetak, jumlah dan harinya tidak.
charity_day | three quarters of the IKS money on {charity_day} | assumed | The fourth meeting gave the Ramadan IKS to the charity day; the amount is not printed. | Pertemuan keempat mengalihkan IKS Ramadan untuk bakti sosial; jumlahnya tidak dicetak.
no_payout | no loans, wages or profit paid to members; no withdrawals | assumed | Not printed; left out to keep the books simple. | Tidak dicetak; ditiadakan supaya buku tetap sederhana.
seed | {seed} | assumed | Any other seed is as good; another seed gives other rows and the same item totals. | Benih lain sama baiknya; barisnya berubah, total butirnya tetap.
"""  # noqa: E501


def assumption_rows(plan: Plan) -> list[Row]:
    """Return every assumption with its computed value."""
    info, (first, second) = plan.site.info, plan.totals
    named = sorted(set(plan.site.table("item_means")["item"].astype(int)))
    others = [total for item, total in plan.totals[first].items() if item not in named]
    starts = (1, *(last + 1 for last in LAST_ITEMS))
    spans = enumerate(zip(starts, LAST_ITEMS, strict=False), 1)
    rule = plan.site.table("iks_rule").dropna(subset=["share_pct"])
    size = len(plan.roster)

    def listed(number: int) -> str:
        return ", ".join(f"item {item}: {plan.totals[number][item]}" for item in named)

    values: dict[str, object] = {
        "groups": ", ".join(info.groups),
        "window": f"{max(plan.points) - HALF_MONTH} to {min(plan.points) + HALF_MONTH}",
        "points": " and ".join(str(day) for day in plan.points),
        "sizes": ", ".join(str(number) for number in plan.sizes),
        "first_code": plan.roster[0][0],
        "last_code": plan.roster[-1][0],
        "top": max(named),
        "known": len(named),
        "start": plan.start,
        "end": info.period[1] if info.period else plan.day("kuber"),
        "size": size,
        "each": size // len(info.groups),
        "officers": OFFICERS,
        "items": LAST_ITEMS[-1],
        "fields": ", ".join(f"field {no}: {low}-{high}" for no, (low, high) in spans),
        "unnamed": len(others),
        "scale": f"{info.scale[0]}-{info.scale[1]}",
        "scale_reason": info.scale_reason,
        "rounding": info.rounding,
        "rounding_reason": info.rounding_reason,
        "n1": plan.rounds[first][1],
        "n2": plan.rounds[second][1],
        "peka_day": plan.day(plan.rounds[first][0]),
        "named": listed(first),
        "later": listed(second),
        "lowest": min(others),
        "highest": max(others),
        "overlap": min(OVERLAP, plan.rounds[first][1]),
        "band": f"{plan.band[0]} to {plan.band[1]}",
        "events": ", ".join(name for names in events_by_day(plan).values() for name in names),
        "stimulant": f"{STIMULANT:,}",
        "due": f"{DUE * size // len(info.groups):,}",
        "coop_pct": COOP_PCT,
        "coop_day": plan.day("mentoring_3"),
        "rule_day": plan.day(str(rule["activity"].iloc[0])),
        "charity_day": plan.day("kuber"),
        "shares": ", ".join(
            f"{pct:g} % {purpose}"
            for purpose, pct in zip(rule["purpose"], rule["share_pct"], strict=True)
        ),
        "seed": plan.seed,
    }
    names = ("assumption", "value", "basis", "reason_en", "reason_id")
    return [
        dict(zip(names, (cell.strip().format(**values) for cell in line.split(" | ")), strict=True))
        for line in _ASSUMED.strip().splitlines()
    ]


def site_toml(site: Site, seed: int, opened: object) -> str:
    """Return the text of ``site.toml``; ``opened`` is the day of the first entry in the books."""
    info = site.info
    note = f"Drawn by tools.twin with seed {seed}; every assumption is in assumptions.csv."
    values: dict[str, object] = {"name": f"{info.name} (simulated twin)", "evidence": "simulated"}
    keys = ("place", "language", "groups", "scale", "scale_reason", "threshold", "threshold_reason")
    for key in (*keys, "rounding", "rounding_reason", "scales", "thresholds"):
        values[key] = getattr(info, key)
    values["notes"] = f"{note} It shows the workflow and proves nothing."
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    if info.period:
        lines.append(f"period = [{info.period[0]}, {info.period[1]}]")
        lines.append(f"books_period = [{opened}, {info.period[1]}]")
    lines += ["", "[primary]", 'outcome = "overall"', "smallest_effect = 0.25", 'unit = "group"']
    return "\n".join([f"# {MARK}", *lines, ""])


_README = """<!-- {mark} -->
# Simulated twin of {name}

**Simulated: shows the workflow, proves nothing.** The study prints no raw rating, no score of
round 2, no attendance list and no ledger. Every row here was drawn by a program (seed {seed}) so that
its totals agree with the numbers the study does print. Nobody rated, came or paid as written here; do
not cite any of it.

`python -m tools.twin` makes these files again, byte for byte. Do not edit them.

## Files

| file | rows |
|---|---|
{files}

## Assumptions

`published`: printed in the study. `derived`: follows from what is printed. `assumed`: our choice.

| assumption | value | basis | why |
|---|---|---|---|
{english}

## Categories of the ledger

Money is whole rupiah, positive in and negative out. A transfer stands in both books on the same day
under the same category, with opposite signs.

| category | books | meaning |
|---|---|---|
| `stimulant` | kas | the government's grant |
| `equipment`, `opening_stock` | kas | first purchases; not part of the profit |
| `sales`, `stock_purchase`, `cost` | kas | the business; their sum over a month is its net profit |
| `member_deposit` | tabungan | a member's own savings |
| `cooperative_savings` | kas, tabungan | profit paid into the cooperative (transfer) |
| `iks_due` | iks | members' due before the rule, not divided |
| `iks_sick`, `iks_posyandu` | kas, iks | the two shares of the month's net profit (transfer) |
| `sick_support`, `posyandu_support`, `charity_day` | iks | spending |

# Kembaran simulasi {name}

**Simulasi: menunjukkan cara kerja, bukan bukti.** Penelitian tidak mencetak skor mentah, skor
putaran 2, daftar hadir, maupun isi buku kelompok. Setiap baris di sini dibuat oleh program (benih
{seed}) agar jumlahnya sesuai dengan angka yang tercetak. Jangan dikutip sebagai data.
`python -m tools.twin` membuatnya kembali sama persis. Nilai setiap asumsi ada di tabel
di atas.

| asumsi | dasar | alasan |
|---|---|---|
{indonesian}
"""


def readme(site: Site, frames: Mapping[str, pd.DataFrame], seed: int) -> str:
    """Return the text of ``README.md``."""
    rows = frames["assumptions"].to_dict("records")
    basis = {"published": "tercetak", "derived": "diturunkan", "assumed": "diasumsikan"}
    return _README.format(
        mark=MARK,
        name=site.info.name,
        seed=seed,
        files="\n".join(f"| `{name}.csv` | {len(frame)} |" for name, frame in frames.items()),
        english="\n".join(
            f"| `{r['assumption']}` | {r['value']} | {r['basis']} | {r['reason_en']} |"
            for r in rows
        ),
        indonesian="\n".join(
            f"| `{r['assumption']}` | {basis[r['basis']]} | {r['reason_id']} |" for r in rows
        ),
    )
