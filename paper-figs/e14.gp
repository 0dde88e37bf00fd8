# SPDX-License-Identifier: MIT
# e14.gp - the load at the service level, a bar a mechanism: added, cumulative, taken away
plot_px = 760
key_rows = 0
load figs.'/common.gp'
array kind[3] = ['added', 'cumulative', 'taken away']
array head[3] = ['added to Linux alone', 'one after the other, from Linux to IX', \
	'taken away from IX alone']
gap = 34
part = (plot_px - 3.0 * gap) / 3
# A line a mechanism: number, label, K requests/s at the SLA, unloaded p99.
rows(k) = "< awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } ".\
	"$1 == \"".k.": SLA\" { n++; name[n] = $c[\"label\"]; ".\
	"load[n] = $c[\"requests_per_s\"] / 1e3 } ".\
	"$1 == \"".k.": unloaded\" { p99[$c[\"label\"]] = $c[\"latency_p99_us\"] } ".\
	"END { for (i = 1; i <= n; i++) print i \",\" name[i] \",\" load[i] \",\" ".\
	"p99[name[i]] }' '".csv."'"
set lmargin at screen 0.235
set xrange [0:2400]
set xtics 250
set grid noytics
set grid xtics ls 10
unset ytics
set style fill solid 0.85 noborder
set key off
set multiplot
do for [k=1:3] {
	top = top_px + gap + (k-1) * (part + gap)
	set tmargin at screen Y(top)
	set bmargin at screen Y(top + part)
	set yrange [9.6:0.4]
	set label 1 head[k] at screen 0.025,Y(top - 12) left font ',13' tc rgb black
	set format x k == 3 ? '%g' : ''
	set xlabel k == 3 ? 'highest load with p99 < 500 us (K requests/s)' : '' offset 0,0.3
	plot rows(kind[k]) using (0):1:(0):3:($1-0.36):($1+0.36) with boxxyerror \
		lc rgb (k == 3 ? blue : k == 2 ? purple : red), \
	     rows(kind[k]) using (0):1:2 with labels right offset -0.7,0 font ',11' \
		tc rgb black, \
	     rows(kind[k]) using 3:1:(sprintf('%.0f, unloaded p99 %.0f us', $3, $4)) \
		with labels left offset 0.6,0 font ',10' tc rgb '#333333'
	unset label 9001
	unset label 9002
	unset label 9003
}
unset multiplot
