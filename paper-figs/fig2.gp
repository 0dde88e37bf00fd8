# SPDX-License-Identifier: MIT
# fig2.gp - NetPIPE goodput against message size
key_rows = 1
load figs.'/common.gp'
array who[3] = ['IX', 'Linux', 'mTCP']
array style[3] = [1, 4, 3]
# The sizes; the others are their neighbours, of which there are no marks.
pow2(n) = !(n & (n - 1))
size(n) = pow2(n) || !(n % 3) && pow2(n / 3)
# One-way latency of 64 B, where there is one.
set datafile columnheaders
text = ''
array us[3] = ['5.7', '24', '130']
do for [i=1:3] {
	undefine STATS_*
	stats csv using (is(who[i]) && column('msg_bytes') == 64 ? column('one_way_us') : NaN) \
		nooutput
	if (exists("STATS_max")) {
		text = text.sprintf("%s %.1f us (published %s)\n", who[i], STATS_max, us[i])
	}
}
set datafile nocolumnheaders
set logscale x 2
set xrange [48:900000]
set yrange [0:10]
set ytics 2
set xtics ('64 B' 64, '256 B' 256, '1 KiB' 1024, '4 KiB' 4096, '16 KiB' 16384, \
	'64 KiB' 65536, '256 KiB' 262144)
set xlabel 'message size' offset 0,0.3
eval ylabel('goodput (Gb/s)', top_px, top_px+plot_px)
set arrow 1 from graph 0,first 5 to graph 1,first 5 nohead dt 3 lc rgb grey lw 1
set label 1 'half the line rate' at 52,5.25 left font ',10' tc rgb '#666666'
set label 2 "one way, 64 B:\n".text at graph 0.015,0.95 left tc rgb '#333333' font ',12'
crosses = failed("column('msg_bytes')", '0.05', 'msg_bytes')
plot for [i=1:3] csv using (is(who[i]) ? column('msg_bytes') : NaN):(column('goodput_gbps')) \
	with lines ls style[i] notitle, \
     for [i=1:3] csv using (is(who[i]) && size(int(column('msg_bytes'))) ? \
		column('msg_bytes') : NaN):(column('goodput_gbps')) \
	with points ls style[i] notitle, \
     for [i=1:3] NaN with linespoints ls style[i] title who[i], \
     for [i=1:3] published('fig2', who[i]) using 3:5 with points ls 10+style[i] notitle, \
     NaN with points ls 20 title 'published' @crosses
