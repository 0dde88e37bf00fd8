#!/bin/bash
# SPDX-License-Identifier: MIT
#
# figures.sh - figures from outside: the same numbers with any -j and as checked in, verdicts
# and exit codes, points that fail, the report
#
# Usage: figures.sh [--update] [PROGRAM]	default: $IX, or ./ix
#	--update	write tests/e2e/figures.sha256, after a change of results that was meant
#
# Runs every figure's preview, four points at a time and without the store, and compares the
# CSVs with the checked-in hashes; then some of them one point at a time. FIGURES="fig2 e7"
# takes those only. Not here: whether a claim holds, which is a result and no test.
set -u
cd "$(dirname "$0")/../.." || exit 2
update=0
[ "${1:-}" = --update ] && { update=1; shift; }
ix=$(realpath "${1:-${IX:-./ix}}")
hashes=tests/e2e/figures.sha256
. tests/e2e/lib/check.sh

# --- the same numbers ---
run()
{
	local jobs=$1 rc
	shift
	"$ix" figure "$@" --quick --quiet --no-store -j $jobs --out "$T/$jobs" >"$T/log$jobs" 2>&1
	rc=$?
	[ $rc -eq 0 ] || [ $rc -eq 3 ] || fail "-j $jobs: exit $rc: $(head -3 "$T/log$jobs")"
}
run 4 ${FIGURES:-all}
run 1 ${FIGURES:-fig2 e7 e23 fig3a}
(cd "$T/4" && sha256sum -- *.csv | grep -v ' \(claims\|points\|shapes\)\.csv$') >"$T/sums"
if [ $update = 1 ]; then
	# Those of figures that were not run stay.
	touch $hashes
	awk 'NR == FNR { new[$2] = 1; print; next } !($2 in new)' "$T/sums" $hashes |
		sort -k 2 >"$T/merged"
	cp "$T/merged" $hashes
	echo "figures.sh: $hashes has $(wc -l <$hashes) hashes"
fi
while read -r sum name; do
	checks=$((checks + 1))
	grep -q "^$sum  $name\$" $hashes ||
		fail "$name is not what $hashes says (meant? tests/e2e/figures.sh --update)"
done <"$T/sums"
for path in "$T"/1/*.csv; do
	case ${path##*/} in
	claims.csv | points.csv | shapes.csv) ;;
	*) check "$path with -j 1" cmp "$path" "$T/4/${path##*/}" ;;
	esac
done

# --- verdicts of saved results ---
figs=$T/figs
mkdir "$figs" "$T/none"
cp paper-figs/curves.csv "$figs"
cat >"$figs/claims.csv" <<'END'
id,figure,system,quantity,value,unit,conditions,tolerance,origin
X1,f,IX,requests,1,,,exact,here
X2,f,IX,requests,1,,,at least,here
END
cat >"$figs/f.conf" <<'END'
duration = "1 ms";
sweep = ( { name = "IX"; axes = ( { key = "seed"; values = [1, 2]; } ); },
          { name = "bad"; set = ["server.profile=nonesuch"];
            axes = ( { key = "seed"; values = [3]; } ); } );
figure = {
  title = "Two points and a failure"; plot = "f.gp"; caption = "Seeds, {clients} clients.";
  columns = ["requests_per_s"];
  claims = ( { id = "X1"; op = "max"; y = "requests_per_s"; why = "It was meant to."; },
             { id = "X2"; op = "max"; y = "requests_per_s"; } );
};
END
cat >"$figs/f.gp" <<'END'
load common
set xrange [0:4]
crosses = failed("column('seed')", '0', 'requests_per_s')
plot csv using (is('IX') ? column('seed') : NaN):(column('requests_per_s')) with linespoints \
	title 'IX' @crosses
END
sed -i "s,load common,load '$PWD/paper-figs/common.gp'," "$figs/f.gp"
figure() { "$ix" figure --figs "$figs" --no-store --quiet --out "$T/f" "$@"; }
expect "no results"	0 "0 hold, 0 miss, 2 not run"	figure --claims
check "... are looked for where it says" grep -q "no result of these figures in $T/f; " "$T/out"
expect "... from here" 0 "in $PWD/no/such; \`ix figure all\` makes them" \
	figure --claims -o no/such
expect "a failed point"	1 "1 of 3 points failed"	figure f
expect "a missed claim"	0 "1 hold, 1 miss, 0 not run"	figure --claims
cat >"$figs/more.conf" <<'END'
duration = "2 ms"; figure = { title = "More"; plot = "f.gp"; columns = ["requests"];
  claims = ( { id = "X3"; value = "1"; tolerance = "at least"; op = "max"; y = "requests"; } ); };
sweep = ( { name = "IX"; } );
END
figure more >"$T/more.out" 2>&1
check "one figure prints its own claims" grep -q "^X3 .*holds" "$T/more.out"
check "... only" test "$(grep -c '^X' "$T/more.out")" = 1
check "... and how many there are in all" \
	grep -q "^claims of all figures: 2 hold, 1 miss" "$T/more.out"
rm "$figs/more.conf" "$T/f"/more.*
check "what failed is told with a claim" \
	grep -q "^X1,.*It was meant to. 1 of the 3 points of the figure failed.$" "$T/f/claims.csv"
check "... that holds, too" grep -q "^X2,.*,1 of the 3 points of the figure" "$T/f/claims.csv"
check "the caption has the miss and its reason" grep -q "It was meant to" "$T/f/f.md"
check "the caption has the failure" grep -q "nonesuch" "$T/f/f.md"
if command -v gnuplot >/dev/null; then
	check "the drawing has the failure" grep -q "failed: 1, see f.md" "$T/f/f.svg"
	check "... and its cross" grep -q ">failed<" "$T/f/f.svg"
	full() { (trap '' XFSZ; ulimit -f 12; figure "$@"); }	# of KB a file: a disk without room
	cp "$T"/f/f.{svg,pdf,png} "$T"
	expect "no room for a drawing" 1 "could not write the whole of $T/f/f.svg" full f --redraw
	same() { for kind in svg pdf png; do cmp "$T/f/f.$kind" "$T/f.$kind" || return 1; done; }
	check "... leaves the drawings that were there" same
	left() { (cd "$T/f" && ls -d -- *.tmp.*); }
	check "... and nothing else" bash -c "! ls '$T/f' | grep -F .tmp"
	# One that ends the program when it has written half.
	mkdir "$T/bin"
	cat >"$T/bin/gnuplot" <<-'END'
	#!/bin/sh
	printf '<svg' >"$(printf %s "$2" | sed "s/.*; out = '\\([^']*\\)'.*/\\1/")"
	kill -9 $PPID
	END
	chmod +x "$T/bin/gnuplot"
	PATH="$T/bin:$PATH" expect "killed at a drawing" 137 "" figure f --redraw
	check "... the drawings are those that were there" same
	left >"$T/left"
	touch "$T/f/f.pdf.tmp.$$" "$T/f/f.svg.tmp.x"
	(cd "$T/f" && touch -d '1 hour ago' -- *.tmp.* &&
		cp -p "$(cat "$T/left")" f.csv.tmp.4999999)
	expect "drawn again" 0 "drawn as f.svg .pdf .png" figure f --redraw
	check "... the same, and without the time of day" same
	left >"$T/left.now"
	check "... what was left is gone, but for what runs" \
		test "$(tr '\n' ' ' <"$T/left.now")" = "f.csv.tmp.4999999 f.pdf.tmp.$$ f.svg.tmp.x "
	figure f >/dev/null 2>&1
	left >"$T/left.now"
	check "... with what was left of a table" \
		test "$(tr '\n' ' ' <"$T/left.now")" = "f.pdf.tmp.$$ f.svg.tmp.x "
	rm "$T"/f/*.tmp.*
else
	echo "skipped: drawings, gnuplot is not installed"
fi
sed 's/  title =/  titel = "x"; title =/' "$figs/f.conf" >"$figs/typo.conf"
expect "a member that a figure has not" 2 "typo.conf:6: a figure has no \"titel\"" figure typo
sed 's/{clients}/{client}/; s/columns = /curves = ( { x = "seed"; y = "no"; } ); columns = /' \
	"$figs/f.conf" >"$figs/typo.conf"
expect "a knob that a caption has not" 1 "a caption names {client}, which is no knob" figure typo
check "... and a column that a curve has not" grep -q 'no column "no" in typo.csv' "$T/out"
for what in 'misses = 5' 'misses = ( { series = "IX"; } )' 'columns = "requests"'; do
	sed "s/  columns = .*/  $what;/" "$figs/f.conf" >"$figs/typo.conf"
	expect "$what" 2 "figure.${what%% *}" figure typo
done
rm "$figs/typo.conf" "$T/f"/typo.*
mkdir -p "$T/dir/f.csv"
expect "results that cannot be written" 1 "f is not drawn: this run was not saved as" \
	figure f -o "$T/dir"
sed "s/plot = /data = \"nosuch\"; plot = /; s/\"X/\"Y/" "$figs/f.conf" >"$figs/other.conf"
expect "another's that are not there" 3 "figure nosuch makes it" figure other
rm "$figs/other.conf"
check "--json" bash -c "'$ix' figure --figs '$figs' --json --out '$T/f' | python3 -c '
import json, sys
j = json.load(sys.stdin)
assert [c[\"verdict\"] for c in j[\"claims\"]] == [\"misses\", \"holds\"], j[\"claims\"]
assert j[\"summary\"][\"miss\"] == 1 and len(j[\"points\"]) > 100'"

# Results older than their price lists: of the whole figure, of one group, of a second point, of a
# figure that draws another's.
cp sim/prices/ix.conf "$T/mine.prices"
for name in whole group axis; do
	cat >"$figs/$name.conf" <<-END
	duration = "1 ms"; figure = { title = "$name"; plot = "f.gp"; columns = ["requests"]; };
	END
done
mine="server.profile=$T/mine.prices"
echo "sweep = ( { name = \"IX\"; }, { name = \"mine\"; set = [\"$mine\"]; } );" >>"$figs/group.conf"
echo "server = { profile = \"$T/mine.prices\"; };" >>"$figs/whole.conf"
cat >>"$figs/axis.conf" <<-END
	sweep = ( { axes = ( { key = "server.profile"; values = ["ix", "$T/mine.prices"]; } ); } );
	END
echo "figure = { title = \"drawn\"; plot = \"f.gp\"; data = \"whole\"; };" >"$figs/drawn.conf"
figure whole group axis drawn >/dev/null 2>&1
old() { figure --claims 2>&1 >/dev/null; }
check "results of these price lists" old
check "... are not called old" test ! -s "$T/out"
echo "# a comment is another byte" >>"$T/mine.prices"
expect "... when one has changed" 0 "1 hold, 1 miss, 0 not run"	figure --claims
check "... is no failure" old
check "... but a warning with a command" \
	test "$(sed 's/^ix figure: warning: price lists have changed since .*: //' "$T/out")" = \
	"ix figure --figs $figs -o $T/f axis drawn group whole"
figure whole group axis drawn >/dev/null 2>&1
check "made again" old
check "... they are not" test ! -s "$T/out"

# Damaged results are no results that were not run, misspelt definitions neither.
expect "results that are there" 0 "2 not run" figure --claims -o "$T/none"
# claims_of NAME EXIT TEXT: verdicts of the results in $T/f after a mistake in them
claims_of()
{
	expect "$@" figure --claims
	cp "$T/f.csv" "$T/f/f.csv"
	cp "$T/f.json" "$T/f/f.json"
}
cp "$T/f/f.csv" "$T/f/f.json" "$T"
claims_of "results as they were" 0 "1 hold, 1 miss, 0 not run"
check "... need no warning" bash -c "! grep -q 'ix figure' '$T/out'"
: >"$T/f/f.csv"
claims_of "an empty CSV" 1 "ix figure: $T/f/f.csv is damaged: line 1 is cut short"
cp "$T/out" "$T/empty.out"
check "... is told once" test "$(grep -c "^ix figure: .*damaged" "$T/empty.out")" = 1
check "... and its claims have been run" grep -q "0 hold, 0 miss, 0 not run" "$T/empty.out"
head -1 "$T/f.csv" >"$T/f/f.csv"
claims_of "a CSV without rows" 1 "f.csv is damaged: it has no rows"
head -c -9 "$T/f.csv" >"$T/f/f.csv"
claims_of "a CSV that was cut" 1 "f.csv is damaged: line 4 is cut short"
printf '\177ELF\0,\n\0\002\n\377' >"$T/f/f.csv"
claims_of "a CSV of other bytes" 1 "f.csv is damaged: line 2"
sed -i 's/,[0-9][0-9.]*,$/,abc,/' "$T/f/f.csv"
claims_of "a cell that is no number" 1 \
	'claim X1 is malformed: line 2 of the result: requests_per_s is "abc"'
sed -i 's/,[0-9][0-9.]*,$/,nan,/' "$T/f/f.csv"
claims_of "a cell without a value" 0 \
	"note: claim X1 is not run: no row of the result gives max of requests_per_s"
rm "$T/f/f.csv"
mkfifo "$T/f/f.csv"
expect "a pipe in its place" 1 "cannot read $T/f/f.csv: it is a device or a pipe" \
	timeout 20 "$ix" figure --figs "$figs" --claims --out "$T/f"
rm "$T/f/f.csv"
mkdir "$T/f/f.csv"
expect "a folder in its place" 1 "cannot read $T/f/f.csv: Is a directory" figure --claims
expect "... in JSON, too" 1 "cannot read $T/f/f.csv: Is a directory" figure --json
cp "$T/f/f.svg" "$T/f.svg"
expect "... is not drawn" 1 "f is not drawn: cannot read $T/f/f.csv" figure f --redraw
check "... and the drawing stays" cmp "$T/f/f.svg" "$T/f.svg"
rmdir "$T/f/f.csv"
cp "$T/f.csv" "$T/f/f.csv"

# Edited by hand, and without what it was made from.
sed -i 's/^IX,2,/IX,3,/' "$T/f/f.csv"
claims_of "a CSV that was edited" 0 \
	"warning: $T/f/f.csv has changed since $T/f/f.json was written with it; make it again: "
check "... has a command" grep -q "make it again: ix figure --figs $figs -o $T/f f$" "$T/out"
sed -i '/"csv":/d; s/"quick": false,/"quick": false/' "$T/f/f.json"
sed -i 's/^IX,2,/IX,3,/' "$T/f/f.csv"
claims_of "a manifest of before there were hashes" 0 "1 hold, 1 miss"
check "... needs no warning" bash -c "! grep -q warning '$T/out'"
rm "$T/f/f.json"
claims_of "a manifest that is gone" 0 "warning: $T/f/f.csv has no manifest, $T/f/f.json; make it"
head -c 99 "$T/f.json" >"$T/f/f.json"
claims_of "a manifest that was cut" 0 "warning: $T/f/f.json is damaged: it is no manifest; make it"
check "a table and its manifest" "$ix" sweep -v seed=1,2 -s duration='1 ms' --no-store -o "$T/s.csv"
check "... has its hash" grep -Eq '"csv": "[0-9a-f]{16}"' "$T/s.json"

# A run within 1 % of a published x is that point; else it is read off between two runs.
cp "$figs/f.conf" "$figs/curves.csv" "$T"
sed -i 's/columns = /curves = ( { series = "IX"; x = "seed"; y = "seed"; } ); columns = /' \
	"$figs/f.conf"
printf 'f,IX,%s,x,1,y\n' 1.99 1.97 >>"$figs/curves.csv"
figure --json >"$T/points.json"
cp "$T/f.conf" "$T/curves.csv" "$figs"
check "a run that is near" python3 -c '
import json, sys
f = [p["simulated"] for p in json.load(open(sys.argv[1]))["points"] if p["figure"] == "f"]
assert [float(x) for x in f] == [2, 1.97], f' "$T/points.json"

# Definitions. misspelt NAME EXIT TEXT SED: verdicts with a mistake in f.conf
misspelt()
{
	cp "$figs/f.conf" "$T/f.conf"
	sed -i "$4" "$figs/f.conf"
	expect "$1" "$2" "$3" figure --claims
	cp "$T/f.conf" "$figs/f.conf"
}
misspelt "a column that is not there" 1 'line 8: the result has no column "nosuch"' \
	's/y = "requests_per_s"; why/y = "nosuch"; why/'
misspelt "a column that no row can have" 1 'line 9: the result has no column "no"' \
	's/y = "requests_per_s"; } );/y = "requests_per_s"; where = "no=1"; } );/'
misspelt "a value that no row has" 0 "claim X2 is not run: no row of the result has series=no" \
	's/y = "requests_per_s"; } );/y = "requests_per_s"; where = "series=no"; } );/'
misspelt "an id that stands twice" 1 "claim X1 is malformed: figure f has this id twice" \
	's/id = "X2"/id = "X1"/'
misspelt "a definition that is none" 1 "f.conf" 's/figure = {/figure = /'
sed 's/X2/X4/; s/  plot =/  data = "f"; plot =/' "$figs/f.conf" >"$figs/g.conf"
expect "an id of two figures" 1 "claim X1 is malformed: figures f and g have this id both" \
	figure --claims
check "... is no verdict" grep -q "1 hold, 0 miss" "$T/out"
rm "$figs/g.conf"

# What a source says it was fitted on has to be a published number.
mkdir "$figs/systems"
echo '# x is by hand on fig2/IX/64, fig2/IX/65, fig9/Nobody/1.' >"$figs/systems/s.conf"
expect "fitted on what is not published" 0 'fitted on "fig9/Nobody", x = 1, which is no claim' \
	figure --claims
check "... each is told, and no other" test "$(grep -c "no point of curves.csv" "$T/out")" = 2
rm -r "$figs/systems"

sed -i 's/op = "max"; y = "requests_per_s"; why/op = "most"; y = "requests_per_s"; why/' \
	"$figs/f.conf"
expect "a malformed claim" 1 "unknown op \"most\""	figure --claims

claims=$(cat "$figs/claims.csv")
tail -1 "$figs/claims.csv" >>"$figs/claims.csv"
expect "a claim that stands twice" 1 "claims.csv has this id twice"	figure --claims
echo "$claims" >"$figs/claims.csv"

# --- the report ---
check "report" python3 scripts/report.py --results "$T/4" -o "$T/index.html"
check "... needs nothing else" \
	bash -c "! grep -qE 'src=|href=\"http|<script|@import' '$T/index.html'"
check "report again" python3 scripts/report.py --results "$T/4" -o "$T/again.html"
check "... is the same" cmp "$T/index.html" "$T/again.html"
# damaged FILE TEXT: a page is not made of it, and what is wrong is said
damaged()
{
	mkdir -p "$T/bad"
	cp results/{claims,points,shapes}.csv results/fig2.{json,svg,md} "$T/bad/"
	cat >"$T/bad/$1"
	expect "a damaged $1" 1 "bad/$1: $2" python3 scripts/report.py --results "$T/bad" \
		-o "$T/bad.html"
}
report() { python3 scripts/report.py --results "$T/4" -o "$T/r.html" "$@"; }
for option in --figs --prices; do
	expect "report: $option nosuch" 1 "report.py: $option: there is no NAME.conf in $T/no" \
		report $option "$T/no"
done
mkdir "$T/whole" "$T/lists"
cp results/{claims,points,shapes}.csv results/fig2.{json,md} "$T/whole/"
for name in points shapes; do
	mv "$T/whole/$name.csv" "$T/$name.csv"
	expect "report: no $name" 1 "whole has no $name.csv; run" report --results "$T/whole"
	mv "$T/$name.csv" "$T/whole"
done
cp sim/prices/ix.conf "$T/lists"
echo 'rx_frames 40 "a unit is missing"' >>"$T/lists/ix.conf"
expect "report: a line that is no price" 1 \
	"lists/ix.conf: line $(wc -l <"$T/lists/ix.conf") is no price" report --prices "$T/lists"
check "... leaves nothing" bash -c "! ls '$T'/r.*"
expect "report: a drawing that is missing" 0 "" report --results "$T/whole"
check "... is not called not run" grep -q 'Not drawn: there is no fig2.svg' "$T/r.html"
mkdir "$T/folder"
mkfifo "$T/fifo"
for name in folder fifo; do
	expect "report: into a $name" 1 "report.py: cannot write $T/$name: it is a folder, a" \
		report -o "$T/$name"
done
check "... stays one" test -p "$T/fifo"
check "... leaves nothing" bash -c "! ls '$T' | grep -F folder.tmp"
expect "report: into a folder that is not there" 1 "cannot write $T/no/r.html: No such file" \
	report -o "$T/no/r.html"
cp "$T/r.html" "$T/was.html"
full_report() { (trap '' XFSZ; ulimit -f 12; report); }
expect "report: no room" 1 "cannot write $T/r.html: File too large" full_report
check "... leaves the one that was there" cmp "$T/r.html" "$T/was.html"
check "... and nothing else" bash -c "! ls '$T' | grep -F r.html.tmp"
damaged claims.csv "there is no column id" </dev/null
damaged claims.csv "it is no text" <<<$'id\n\xff'
damaged shapes.csv "there is no column why" < <(head -1 results/shapes.csv | sed 's/,why//')
damaged points.csv "row 1 has not as many cells" < <(head -1 results/points.csv; echo fig2)
damaged shapes.csv "there is no column check" <<<$'x,y\n1,2'
damaged fig2.json "it is no JSON" <<<'{"commit": "'
damaged fig2.json "it is no manifest" <<<'[]'
damaged fig2.svg "it is no whole drawing" <<<'<svg width="1"'
damaged fig2.svg "it is no drawing of gnuplot" <<<'<svg viewBox="0 0 1 1"></svg>'
damaged fig2.json "it is no manifest" <<<'{"commit": "x", "seed": 1, "command": "", "config": []}'
damaged fig2.json "it is no manifest" < <(sed 's/"commit": .*/"commit": null,/' results/fig2.json)
damaged fig2.json "it is no manifest" <<<'{"commit": "x", "seed": 1, "command": "", "config": {},
	"price_lists": 3}'
damaged claims.csv "claim C04 is missing" < <(head -4 results/claims.csv)
damaged claims.csv 'there is a verdict "maybe"' < <(sed 's/,holds,/,maybe,/' results/claims.csv)
ln -s "$T/r.html" "$T/l.html"
expect "report: over a link" 1 "it is a folder, a device, a pipe or a link" report -o "$T/l.html"

echo "figures.sh: $checks checks, $failed failed"
[ $failed -eq 0 ]
