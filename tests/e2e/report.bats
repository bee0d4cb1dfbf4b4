#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# report.html: what a person is shown of a run afterwards.
load lib.bash

# Well-formed as far as HTML asks, and whole in itself: nothing is fetched, nothing is executed.
sound() { # PAGE
    "${FWRUN_PYTHON:-python3}" - "$1" <<'PYTHON'
import html.parser, sys
class Page(html.parser.HTMLParser):
    open_tags = []
    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        assert tag not in ("script", "link", "img", "iframe", "base"), tag
        assert not {"src", "href"} & set(names) and not any(name.startswith("on") for name in names), names
        if tag not in ("meta",):
            self.open_tags.append(tag)
    def handle_startendtag(self, tag, attributes):
        pass
    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag, (self.getpos(), tag)
page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
assert not page.open_tags, page.open_tags
PYTHON
}

@test "every run that ran something leaves a page with its verdict, stages, files and digests" {
    count_and_copy
    fw 0 chain.cfg
    page=runs/chain/report.html
    sound "$page"
    says "$page" '>done</span>' '<b>count</b>' '<b>copy</b>' numbers.txt \
        "$(jq -r '.outputs[0].sha256' runs/chain/stages/copy/MANIFEST.json)" \
        "$(jq -r .key runs/chain/stages/count/MANIFEST.json)" '<rect class="bar-done"'
    touch -d @1000000000 "$page"
    fw 0 chain.cfg
    [ "$(stat -c %Y "$page")" = 1000000000 ] # nothing was executed: it still tells all
}

@test "a failure stands at the top, with the end of its log" {
    unset FWRUN_PLUGIN_PATH
    pipeline bad 'a: { use = "exec"; out: { x = "x.txt"; };
        params: { argv = ["sh", "-c", "echo \"<script>alert(1)</script> & more\"; exit 3", "$${out.x}"]; }; };'
    fw 1 bad.cfg
    sound runs/bad/report.html
    says runs/bad/report.html '>failed</span>' 'id="stage-a" open' '&lt;script&gt;alert(1)&lt;/script&gt; &amp; more' \
        '<rect class="bar-bad"' 'End of the log'
}

@test "a gate stands there with its verdict and its reason" {
    for verdict in 1 0 2; do
        pipeline gated "g: { use = \"t_gate\"; params: { verdict = $verdict; }; };"
        fw $((verdict == 1 ? 0 : 7)) gated.cfg
        sound runs/gated/report.html
        says runs/gated/report.html '<h3>Gates</h3>' '<td>whole</td><td><span class="badge done">true</span></td>' \
            '<td>4 of 4 rows are there</td>' '<td>3 of 4 days are there</td>'
        case $verdict in
        0) says runs/gated/report.html '<td>coverage</td><td><span class="badge failed">false</span></td>' '>failed</span>' ;;
        2) says runs/gated/report.html '<td>coverage</td><td><span class="badge">undecided</span></td>' '>failed</span>' ;;
        esac
    done
}

@test "the times of the steps stand there as a histogram" {
    pipeline many 'many: { use = "t_count"; params: { n = 2000; per_step = 1; }; };
        one: { use = "t_count"; params: { n = 1; }; };'
    fw 0 many.cfg
    sound runs/many/report.html
    says runs/many/report.html '2000 steps, ' '<svg class="histogram"' '>median ' 'the mean of 2 steps'
    # All times are in it, and only the stage with more than one step has it.
    [ "$(grep -c 'class="histogram"' runs/many/report.html)" = 1 ]
    total=$(grep -o '<rect class="bin"[^>]*><title>[0-9]*' runs/many/report.html | grep -o '[0-9]*$' | paste -sd +)
    (("$total" == $(jq '.step_us.times | length' runs/many/stages/many/MANIFEST.json)))
}

@test "a Parquet output has its columns with their types, and its rows; a damaged one a sentence" {
    unset FWRUN_PLUGIN_PATH
    pipeline table 'a: { use = "sql"; params: { query = "SELECT i AS id, [1.5] AS xs, make_timestamptz(i) AS at FROM range(12) AS r(i)"; }; };'
    fw 0 table.cfg
    page=runs/table/report.html
    sound "$page"
    says "$page" 'table: 3 columns, 12 rows in 1 part' '<td>id</td><td>int64</td>' '<td>at</td><td>timestamp(us, UTC)</td>'
    file=$(find runs/table/stages/a -name '*.parquet')
    size=$(stat -c %s "$file")
    footer=$(od -An -tu4 -j $((size - 8)) -N 4 "$file")
    head -c "$footer" /dev/zero | tr '\0' '\377' |
        dd of="$file" bs=1 seek=$((size - 8 - footer)) conv=notrunc status=none
    fw 0 report runs/table
    sound "$page"
    says "$page" 'its Parquet footer is damaged'
    truncate -s 100 "$file"
    fw 0 report runs/table
    says "$page" 'is no Parquet file: it does not end in PAR1'
    rm "$file"
    fw 0 report runs/table
    says "$page" 'cannot read'
}

@test "attempts on lower rungs are all there" {
    pipeline hungry 'a: { use = "t_mem"; params: { amount = "64GiB"; }; resources: { memory = "100MB"; threads = 1; }; };'
    fw 10 hungry.cfg
    sound runs/hungry/report.html
    (($(grep -o 'class="bar-bad"' runs/hungry/report.html | wc -l) == $(state '.stages.a.attempts | length')))
}

@test "a run that was lost can be reported" {
    pipeline nap 'a: { use = "t_sleep"; params: { steps = 50; ms = 100; }; };'
    start nap.cfg
    until_says runs/nap/events.jsonl '"type":"step"'
    kill -KILL "$pid"
    wait "$pid" || true
    fw 0 report runs/nap
    sound runs/nap/report.html
    says runs/nap/report.html '>lost</span>' '<rect class="bar-open"'
}

@test "a page that cannot be made is a warning, not a failure" {
    count_and_copy
    cp "$FWRUN" alone
    "$PWD/alone" chain.cfg 2>err
    says err 'warning: no' 'report.html'
}

@test "a browser shows it" {
    command -v chromium >/dev/null || skip 'no chromium: run scripts/setup'
    count_and_copy
    fw 0 chain.cfg
    browser=(chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/browser")
    "${browser[@]}" --dump-dom "file://$PWD/runs/chain/report.html" >dom 2>browser.err
    says dom '<h1>chain</h1>' '<span class="badge done">done</span>' 'viewBox="0 0 1000'
    "${browser[@]}" --window-size=1000,800 --screenshot="$PWD/page.png" "file://$PWD/runs/chain/report.html" 2>browser.err
    # More than an empty page: it has the green of a stage that is done.
    "${FWRUN_PYTHON:-python3}" - <<'PYTHON'
import struct, zlib
data, at, pixels = open("page.png", "rb").read(), 8, b""
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + size]
    if kind == b"IHDR":
        width, height, depth, colour = struct.unpack(">IIBB", body[:10])
    if kind == b"IDAT":
        pixels += body
    at += size + 12
assert (width, height, depth) == (1000, 800, 8) and colour in (2, 6)
assert len(set(zlib.decompress(pixels))) > 50
PYTHON
}
