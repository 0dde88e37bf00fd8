# SPDX-License-Identifier: MIT
# e9.gp - percentiles of figure 5's systems, a panel a system and workload
plot_px = 690
key_rows = 2
load figs.'/common.gp'
half = (plot_px - 20) / 2
array who[2] = ['IX', 'Linux']
array p[4] = ['p50', 'p95', 'p99', 'p999']
array percent[4] = ['50 %', '95 %', '99 %', '99.9 %']
array dash[4] = [4, 3, 2, 1]
set logscale y
set yrange [10:3000]
set ytics (10, 30, 100, 300, 1000, 3000)
x = "column('requests_per_s')/1e3"
set multiplot
do for [k=1:2] for [i=1:2] {
	panel = k == 1 ? 'ETC' : 'USR'
	set tmargin at screen Y(top_px + (k-1) * (half + 20))
	set bmargin at screen Y(top_px + half + (k-1) * (half + 20))
	set lmargin at screen i == 1 ? 0.1 : 0.56
	set rmargin at screen i == 1 ? 0.5 : 0.96
	if (i == 1) {
		eval ylabel('latency (us)', top_px + (k-1) * (half + 20), \
			top_px + half + (k-1) * (half + 20))
	}
	set label 2 who[i].', '.panel at graph 0.025,0.94 left font ',13' tc rgb black
	set xrange [0:(i == 1 ? 2000 : 700)]
	set xtics i == 1 ? 500 : 200
	set format y i == 1 ? '%g' : ''
	set format x k == 2 ? '%g' : ''
	set xlabel k == 2 ? 'achieved load (K requests/s)' : '' offset 0,0.3
	set arrow 1 from graph 0,first 500 to graph 1,first 500 nohead dt 3 lc rgb grey lw 1.2
	# The key is of no system, so black.
	plot for [q=1:4] csv using (is(who[i].' '.panel) ? @x : NaN): \
		(column('latency_'.p[q].'_us')) with linespoints lw 2 pt shape(q) ps 0.7*mark \
		dt dash[q] lc rgb (i == 1 ? blue : red) notitle, \
	     for [q=1:4] NaN with linespoints lw 2 pt shape(q) ps 0.7*mark \
		dt dash[q] lc rgb black title percent[q]
	unset label 9001; unset label 9002; unset label 9003; unset label 9010
	unset key
}
unset multiplot
