"""The stylesheet of the report: light and dark, wide and narrow, screen and paper.

The colours of text keep at least 4.5:1 against what they stand on. Korean breaks lines between words.
"""

FONT = "captioner report"
"""What the page calls the letters that it takes along: the first of all fonts, so that it looks the same everywhere.

As the last of them it would not do: Chromium keeps boxes that it drew for Hangul before it had unpacked the letters.
"""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --text: #14171c; --faint: #5d6470; --line: #dcdfe5; --guide: #9aa1ad;
  --accent: #2450d8; --warn: #96500a; --warn-back: #fdf3e3; --bad: #b42318; --bad-back: #fdeceb;
  --good: #12743a; --good-back: #e4f5ea; --note: #5b3fb0; --note-back: #efeafb; --inside: #ffffff;
  --way-baseline: #5d6470; --way-token-cached: #b45309; --way-connection-kept: #8a3ffc; --way-streaming: #2450d8;
  --way-streaming-finalize: #0a7d55;
  --stage-capture: #0f766e; --stage-condition: #0e7490; --stage-silence_wait: #6b7586; --stage-token: #a8520a;
  --stage-connect: #be3d0a; --stage-queue: #7c3aed; --stage-recognise: #2f62d9; --stage-render: #be185d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15171c; --card: #1c1f25; --text: #eceef2; --faint: #a3abb8; --line: #343944; --guide: #6d7584;
    --accent: #9db6ff; --warn: #f4b860; --warn-back: #33291a; --bad: #ff9a8f; --bad-back: #3a2222;
    --good: #5fd18c; --good-back: #1b3326; --note: #c4b0ff; --note-back: #2c2740; --inside: #101828;
    --way-baseline: #a3abb8; --way-token-cached: #f4b860; --way-connection-kept: #cba6ff; --way-streaming: #8fb0ff;
    --way-streaming-finalize: #5fd18c;
    --stage-capture: #5fd1c1; --stage-condition: #6cc8e6; --stage-silence_wait: #a3abb8; --stage-token: #f4b860;
    --stage-connect: #ff9d72; --stage-queue: #c4a8ff; --stage-recognise: #8fb0ff; --stage-render: #ff9ac1;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.6 "captioner report", Pretendard, "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR",
    "Noto Sans CJK KR", NanumGothic, system-ui, "Segoe UI", sans-serif;
  word-break: keep-all; overflow-wrap: anywhere; font-variant-numeric: tabular-nums;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.3; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 0 0 2px; }
h3 { font-size: 15px; margin: 20px 0 4px; }
h4 { font-size: 14px; margin: 0 0 4px; }
h4 small { font-weight: 400; color: var(--faint); margin-left: 6px; }
p { margin: 0 0 8px; }
.facts, .lead, .faint { color: var(--faint); }
.lead { max-width: 110ch; margin-bottom: 14px; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 22px 24px 24px;
  margin-top: 20px;
}
ul { list-style: none; margin: 0; padding: 0; }
.notices { margin-top: 20px; background: var(--warn-back); border-left: 4px solid var(--warn); border-radius: 8px;
  padding: 12px 18px; display: grid; gap: 3px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(178px, 1fr)); gap: 12px; }
.card { border: 1px solid var(--line); border-top: 4px solid var(--colour); border-radius: 8px; padding: 12px 14px; }
.card h3 { margin: 0; }
.card p { margin: 0; font-size: 13px; }
.card .big { font-size: 30px; line-height: 1.35; font-weight: 650; letter-spacing: -0.02em; }
.card .big small { font-size: 14px; font-weight: 400; color: var(--faint); letter-spacing: 0; }
.card .faint { margin-top: 6px; line-height: 1.45; }
.findings { margin-top: 14px; display: grid; gap: 4px; }
.findings li { padding-left: 18px; position: relative; }
.findings li::before { content: ""; position: absolute; left: 2px; top: 0.68em; width: 6px; height: 6px;
  border-radius: 50%; background: var(--accent); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 7px 9px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--faint); font-weight: 500; white-space: nowrap; vertical-align: bottom; }
thead th small { font-weight: 400; }
tbody th { font-weight: 500; }
tbody tr:last-child > * { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
section > .scroll > table > tbody > tr > th, .delays th, .stages th { white-space: nowrap; }
.stages small, .number small { color: var(--faint); }
.stages thead th { vertical-align: top; }
.stages td small { display: inline-block; min-width: 4.5ch; text-align: right; margin-left: 4px; }
.stages tbody tr > * { padding-top: 5px; padding-bottom: 5px; }
.delays em { color: var(--faint); }
.delays code, .stages code { display: block; }
.delays code { margin-left: 17px; }
code { font: 12px ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; color: var(--faint); }
.none { color: var(--faint); }
.warn { color: var(--warn); }
.chip { display: inline-block; width: 10px; height: 10px; border-radius: 3px; background: var(--colour);
  margin-right: 7px; }
.tag { font-size: 12px; padding: 0 6px; border-radius: 4px; background: var(--warn-back); color: var(--warn);
  white-space: nowrap; }
.tag.lost, .tag.timeout { background: var(--bad-back); color: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 4px 0 12px; font-size: 13px; }
.legend small { color: var(--faint); }
.swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px;
  vertical-align: -1px; background: var(--colour); }
.key { width: 36px; height: 14px; vertical-align: -2px; margin-right: 6px; }
.chart { display: block; width: 100%; min-width: 720px; height: auto; font-size: 13px; }
.chart text { fill: var(--text); }
.chart .name, .chart .strong { font-weight: 600; }
.chart .strong { paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
.chart .faint { fill: var(--faint); font-size: 12px; }
.chart .end { text-anchor: end; }
.chart .middle, .chart .inside { text-anchor: middle; }
.chart .inside { fill: var(--inside); font-size: 12px; }
.chart .tear { stroke: var(--card); stroke-width: 3; }
.chart rect { fill: var(--colour); }
.chart rect.unknown { fill: var(--line); stroke: var(--guide); stroke-dasharray: 4 3; }
.grid { stroke: var(--line); stroke-width: 1; }
.guide { stroke: var(--guide); stroke-width: 1; stroke-dasharray: 2 4; }
.zero { stroke: var(--text); stroke-width: 1.5; }
.line { fill: none; stroke: var(--colour); stroke-width: 2.25; stroke-linejoin: round; }
.whisker { stroke: var(--colour); stroke-width: 2.25; }
.dot { fill: var(--colour); stroke: var(--card); stroke-width: 2; }
details { border-top: 1px solid var(--line); padding-top: 10px; margin-top: 10px; }
summary { cursor: pointer; font-weight: 600; }
article { padding: 12px 0 4px; break-inside: avoid; }
.texts th { width: 190px; padding: 4px 10px 4px 0; white-space: normal; font-weight: 400; color: var(--faint); }
.texts td { padding: 4px 0 4px 10px; border-bottom-color: transparent; }
.texts th { border-bottom-color: transparent; }
.texts .reference td { font-weight: 500; }
.texts td.number { color: var(--faint); font-size: 13px; padding-top: 5px; }
ins { text-decoration: underline; text-underline-offset: 3px; background: var(--good-back); color: var(--good); }
del { background: var(--bad-back); color: var(--bad); }
.substituted { background: var(--bad-back); color: var(--bad); text-decoration: underline wavy;
  text-underline-offset: 3px; text-decoration-thickness: 1px; }
.notation { background: var(--note-back); color: var(--note); text-decoration: underline dotted;
  text-underline-offset: 3px; }
ins, del, .substituted, .notation { border-radius: 3px; padding: 0 1px; }
dl { margin: 10px 0 0; display: grid; gap: 12px; }
dl div { display: grid; grid-template-columns: 190px 1fr; gap: 4px 20px; }
dt { font-weight: 600; }
dd { margin: 0; max-width: 78ch; }
@media (max-width: 640px) {
  main { padding: 20px 12px 40px; }
  section { padding: 16px 14px; }
  dl div { grid-template-columns: 1fr; }
  .texts th { width: 110px; }
}
@media print {
  body { background: none; }
  section { break-inside: avoid-page; }
}
""" + "".join(
    f".{kind}-{name} {{ --colour: var(--{kind}-{name}); }}\n"
    for kind, names in (
        ("way", ("baseline", "token-cached", "connection-kept", "streaming", "streaming-finalize")),
        (
            "stage",
            ("capture", "condition", "silence_wait", "token", "connect", "queue", "recognise", "render"),
        ),
    )
    for name in names
)
