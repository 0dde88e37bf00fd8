# SPDX-License-Identifier: MIT
# fig4.gp - messages a second, and the cache misses of one, against open connections
plot_px = 640
load figs.'/common.gp'
split = top_px + 400
set logscale x
set xrange [14:330000]
set xtics ('' 18, '' 100, '' 1000, '' 10000, '' 100000, '' 250000)
set multiplot
set bmargin at screen Y(split)
set yrange [0:15]
set ytics 3
eval ylabel('messages (M/s)', top_px, split)
y(v) = column(v) / 1e6
n = "column('workload.connections')"
crosses = failed(n, '0.1', 'requests_per_s')
plot for [i=1:5] csv using (is(system[i]) && i != 3 ? @n : NaN): \
		(y('requests_per_s') - y('requests_per_s_ci95')): \
		(y('requests_per_s') + y('requests_per_s_ci95')) \
	with filledcurves lc rgb (i < 3 ? blue : red) notitle, \
     for [i in '1 2 4 5'] csv using (is(system[int(i)]) ? @n : NaN):(y('requests_per_s')) \
	with linespoints ls int(i) title system[int(i)], \
     for [i in '1 2 4 5'] published('fig4', system[int(i)]) using 3:5 \
	with points ls 10+int(i) notitle, \
     NaN with points ls 20 title 'published' @crosses
unset label 9001
unset label 9002
unset label 9003
unset key
set xtics ('18' 18, '100' 100, '1,000' 1000, '10,000' 10000, '100 k' 100000, '250 k' 250000)
set tmargin at screen Y(split + 26)
set bmargin at screen Y(top_px + plot_px)
set yrange [0:*]
set ytics autofreq
eval ylabel('L3 misses', split + 26, top_px + plot_px)
set xlabel 'open connections' offset 0,0.3
set label 1 'a message, server' at graph 0.012,0.9 left font ',11' tc rgb '#555555'
$said << EOD
1296,1.4
250992,25
EOD
plot for [i=1:5] csv using (is(system[i]) && i != 3 ? @n : NaN):(column('l3_misses_per_msg')) \
	with linespoints ls i, \
     $said using 1:2 with points ls 11
unset multiplot
