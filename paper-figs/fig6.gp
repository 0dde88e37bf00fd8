# SPDX-License-Identifier: MIT
# fig6.gp - p99 and average batch against achieved load, a curve a bound B
plot_px = 660
load figs.'/common.gp'
split = top_px + 410
array B[5] = ['1', '2', '8', '16', '64']
colour(i) = word(red.' '.orange.' '.green.' '.sky.' '.blue, i)
kind(i) = int(word('9 5 13 11 7', i))
hollow(i) = kind(i) - 1
# B = 64 is first and solid, so that the dashes that lie on it are seen.
set xrange [0:2000]
set xtics 200
x = "column('requests_per_s')/1e3"
of(b) = column('server.dp.batch_max') == b + 0
set multiplot
set bmargin at screen Y(split)
set yrange [0:220]
set ytics 50
set format x ''
eval ylabel('p99 latency (us)', top_px, split)
crosses = failed("column('workload.rate_per_s')/1e3", '2', 'requests_per_s')
plot for [i=5:1:-1] csv using (of(B[i]) ? @x : NaN):@p99_band \
	with filledcurves lc rgb colour(i) notitle, \
     for [i=5:1:-1] csv using (of(B[i]) ? @x : NaN):(column('latency_p99_us')) \
	with linespoints lw 2 dt 6-i pt kind(i) ps 0.8*mark lc rgb colour(i) title 'B = '.B[i], \
     for [i in '1 2 3 5'] published('fig6', 'IX B='.B[int(i)].' p99') using 3:5 \
	with points lw 1.5 pt hollow(int(i)) ps 1.5*mark lc rgb colour(int(i)) notitle, \
     NaN with points ls 20 title 'published' @crosses
unset label 9001
unset label 9002
unset label 9003
unset key
set format x '%g'
set tmargin at screen Y(split + 26)
set bmargin at screen Y(top_px + plot_px)
set yrange [0.9:80]
set logscale y 2
set ytics (1, 2, 4, 8, 16, 32, 64)
eval ylabel('batch (frames)', split + 26, top_px + plot_px)
set xlabel 'achieved load (K requests/s)' offset 0,0.3
plot for [i=5:1:-1] csv using (of(B[i]) ? @x : NaN):(column('server_batch_mean')) \
	with linespoints lw 2 dt 6-i pt kind(i) ps 0.8*mark lc rgb colour(i)
unset multiplot
