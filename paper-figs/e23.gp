# SPDX-License-Identifier: MIT
# e23.gp - one-way latency of 64 B, a bar a hop and system
plot_px = 520
key_rows = 1
load figs.'/common.gp'
hops = 'stack queue app transmit pcie nic switch wire'
what = 'stack_(both_ends) waiting_to_run application transmit_and_doorbell PCIe '. \
	'NIC_(both_ends) switch wire'
array who[3] = ['IX', 'Linux', 'mTCP']
array style[3] = [1, 4, 3]
clean(s) = system("echo '".s."' | tr _ ' '")
total = ''
set datafile columnheaders
do for [i=1:3] {
	undefine STATS_*
	stats csv using (is(who[i]) ? column('one_way_us') : NaN) nooutput
	if (exists("STATS_max")) {
		total = total.sprintf("%s: %.2f us in all\n", who[i], STATS_max)
	}
}
set datafile nocolumnheaders
set lmargin at screen 0.22
set yrange [8.6:0.4]
set logscale x
set xrange [0.01:300]
set xtics (0.01, 0.1, 1, 10, 100)
unset ytics
set grid noytics
set grid xtics ls 10
set xlabel 'us, one way (half of the mean round trip)' offset 0,0.3
set style fill solid 0.85 noborder
do for [h=1:8] {
	set label h clean(word(what, h)) at graph -0.015,first h right tc rgb black font ',12'
}
us(h) = column('budget_'.word(hops, h).'_us') / 2
text(v) = v >= 100 ? sprintf('%.0f', v) : v >= 10 ? sprintf('%.1f', v) : sprintf('%.2f', v)
width = 0.26
set label 40 total at graph 0.985,0.24 right font ',13' tc rgb black
# Boxes lie on their side: x from the left edge to the value.
plot for [i=1:3] for [h=1:8] csv using (is(who[i]) && us(h) > 0.01 ? 0.01 : NaN): \
		(h + (i-2)*width):(0.01):(us(h)): \
		(h + (i-2)*width - 0.45*width):(h + (i-2)*width + 0.45*width) \
	with boxxyerror lc rgb tint(int(word('1 2 3', i))) title (h == 1 ? who[i] : ''), \
     for [i=1:3] for [h=1:8] csv using (is(who[i]) && us(h) > 0.01 ? us(h) : NaN): \
		(h + (i-2)*width):(text(us(h))) \
	with labels left offset 0.4,0 font ',9' tc rgb '#333333' notitle
