# SPDX-License-Identifier: MIT
# fig5.gp - memcached: average and p99 latency against achieved load, a panel a workload
plot_px = 690
load figs.'/common.gp'
set lmargin at screen 0.105
half = (plot_px - 20) / 2
array who[2] = ['IX', 'Linux']
array style[2] = [1, 4]
set logscale y
set yrange [15:1500]
set ytics (20, 50, 100, 200, 500, 1000)
set xrange [0:2100]
set xtics 250
set arrow 1 from graph 0,first 500 to graph 1,first 500 nohead dt 3 lc rgb grey lw 1.2
set label 1 'SLA: p99 below 500 us' at graph 0.55,first 570 center font ',10' tc rgb '#555555'
x = "column('requests_per_s')/1e3"
crosses = failed("column('workload.rate_per_s')/1e3", '16', 'requests_per_s')
part(s, panel) = is(s.' '.panel)
set multiplot
do for [k=1:2] {
	panel = k == 1 ? 'ETC' : 'USR'
	fig = k == 1 ? 'fig5_etc' : 'fig5_usr'
	set tmargin at screen Y(top_px + (k-1) * (half + 20))
	set bmargin at screen Y(top_px + half + (k-1) * (half + 20))
	set label 2 panel at graph 0.012,0.93 left font ',14' tc rgb black
	set format x k == 2 ? '%g' : ''
	from = top_px + (k-1) * (half + 20)
	eval ylabel('latency (us)', from, from + half)
	if (k == 2) {
		unset label 9001; unset label 9002; unset label 9003
		unset key
		set xlabel 'achieved load (K requests/s)' offset 0,0.3
	}
	plot for [i=1:2] csv using (part(who[i], panel) ? @x : NaN):@p99_band \
		with filledcurves lc rgb tint(i) notitle, \
	     for [i=1:2] csv using (part(who[i], panel) ? @x : NaN):(column('latency_p99_us')) \
		with linespoints ls style[i] title who[i].' p99', \
	     for [i=1:2] csv using (part(who[i], panel) ? @x : NaN): \
		(column('latency_mean_us') - column('latency_ci95_us')): \
		(column('latency_mean_us') + column('latency_ci95_us')) \
		with filledcurves lc rgb tint(i) notitle, \
	     for [i=1:2] csv using (part(who[i], panel) ? @x : NaN): \
		(column('latency_mean_us')) \
		with linespoints ls style[i]+1 lc rgb tint(i) title who[i].' average', \
	     for [i=1:2] published(fig, who[i].' p99') using 3:5 with points ls 10+style[i] \
		notitle, \
	     for [i=1:2] published(fig, who[i].' avg') using 3:5 with points \
		ls 10+style[i]+1 notitle, \
	     NaN with points ls 20 title 'published' @crosses
}
unset multiplot
