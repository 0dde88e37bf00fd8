# SPDX-License-Identifier: MIT
# e23.gp - one-way latency of 64 B: IX by hop, Linux by what a mechanism's absence saves
plot_px = 560
key_rows = 0
axis_px = 66
load figs.'/common.gp'
hops = 'stack pcie nic app transmit switch wire queue'
what = 'dataplane_(both_ends) PCIe NIC_(both_ends) application transmit_and_doorbell '. \
	'switch wire waiting_for_a_pass'
clean(s) = system("echo '".s."' | tr _ ' '")
n_linux = 7
set key off
split = top_px + 300
us(h) = column('budget_'.word(hops, h).'_us') / 2
# A line a mechanism: number, label, what the latency loses without it, what it is with it.
saved = "< awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } ".\
	"$1 == \"Linux\" { v = $c[\"one_way_us\"]; l = $c[\"label\"]; ".\
	"if (l == \"all of it\") all = v; else print ++n \",\" l \",\" all - v \",\" all }' ".\
	"'".csv."'"
set datafile columnheaders
stats csv using (is('IX') ? column('one_way_us') : NaN) nooutput
ix = STATS_max
stats csv using (is('Linux') ? column('one_way_us') : NaN) nooutput
linux = STATS_max
set datafile nocolumnheaders
set lmargin at screen 0.25
set rmargin at screen 0.9
unset ytics
set grid noytics
set grid xtics ls 10
set style fill solid 0.85 noborder
set multiplot
set tmargin at screen Y(top_px + 30)
set bmargin at screen Y(split)
set yrange [8.6:0.4]
set xrange [0:*]
do for [h=1:8] {
	set label h clean(word(what, h)) at graph -0.015,first h right tc rgb black font ',12'
}
set label 40 sprintf('IX: %.2f us in all, published 5.7 us', ix) \
	at screen 0.025,Y(top_px + 14) left font ',13' tc rgb blue
plot for [h=1:8] csv using (is('IX') ? 0 : NaN):(h):(0):(us(h)):(h - 0.36):(h + 0.36) \
	with boxxyerror lc rgb blue, \
     for [h=1:8] csv using (is('IX') ? us(h) : NaN):(h): \
		(sprintf('%.2f us', us(h))) with labels left offset 0.6,0 font ',11' \
		tc rgb '#333333'
unset label 9001
unset label 9002
unset label 9003
do for [h=1:8] { unset label h }
set tmargin at screen Y(split + 69)
set bmargin at screen Y(top_px + plot_px)
set yrange [n_linux + 0.6:0.4]
set xlabel 'us, one way (half of the mean round trip)' offset 0,0.3
set label 40 sprintf('Linux: %.2f us in all, published 24 us', linux) \
	at screen 0.025,Y(split + 53) left font ',13' tc rgb red
plot saved using (0):1:(0):3:($1-0.36):($1+0.36) with boxxyerror lc rgb red, \
     saved using (0):1:2 with labels right offset -0.7,0 font ',12' tc rgb black, \
     saved using 3:1:(sprintf('%.2f us', $3)) with labels left offset 0.6,0 font ',11' \
	tc rgb '#333333'
unset multiplot
