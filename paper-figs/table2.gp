# SPDX-License-Identifier: MIT
# table2.gp - unloaded p99 and highest load at the service level, ours and published
plot_px = 330
key_rows = 1
load figs.'/common.gp'
array what[4] = ['ETC-Linux', 'ETC-IX', 'USR-Linux', 'USR-IX']
# What was published, by claim.
published_of(id) = real(system("awk -F, '$1==\"".id."\" { print $5 }' '".figs."/claims.csv'"))
array us[4]
array krps[4]
do for [i=1:4] {
	us[i] = published_of(sprintf('C%d', 17 + 2 * i))
	krps[i] = published_of(sprintf('C%d', 18 + 2 * i))
}
$none << EOD
0
EOD
set yrange [4.6:0.4]
set ytics ('ETC, Linux' 1, 'ETC, IX' 2, 'USR, Linux' 3, 'USR, IX' 4) scale 0
set grid noytics
set grid xtics ls 10
set style fill solid 0.85 noborder
colour(i) = i % 2 ? red : blue
set multiplot
set lmargin at screen 0.15
set rmargin at screen 0.525
set xrange [0:120]
set xtics 25
set xlabel 'unloaded p99 (us)' offset 0,0.3
plot for [i=1:4] csv using (0):(is(what[i].' unloaded') ? i : NaN):(0): \
		(column('latency_p99_us')):(i-0.3):(i+0.3) \
	with boxxyerror lc rgb colour(i) notitle, \
     for [i=1:4] csv using (is(what[i].' unloaded') ? 0 : NaN):(i): \
		(sprintf('%.0f', column('latency_p99_us'))) \
	with labels left offset 0.6,0 font ',12' tc rgb 'white' notitle, \
     for [i=1:4] csv using (is(what[i].' unloaded') ? column('latency_p99_us') : NaN):(i): \
		@p99_band with xerrorbars lw 1.5 pt 0 lc rgb black notitle, \
     for [i=1:4] $none using (us[i]):(i) with points pt 6 ps 1.6*mark lw 2 lc rgb black \
	title (i == 1 ? 'published' : '')
unset label 9001
unset label 9002
unset label 9003
unset key
set lmargin at screen 0.575
set rmargin at screen 0.955
unset ytics
set xrange [0:2100]
set xtics 500
set xlabel 'load, p99 < 500 us (K requests/s)' offset 0,0.3
plot for [i=1:4] csv using (0):(is(what[i]) ? i : NaN):(0): \
		(column('requests_per_s')/1e3):(i-0.3):(i+0.3) \
	with boxxyerror lc rgb colour(i), \
     for [i=1:4] csv using (is(what[i]) ? 0 : NaN):(i): \
		(sprintf('%.0f', column('requests_per_s')/1e3)) \
	with labels left offset 0.6,0 font ',12' tc rgb 'white', \
     for [i=1:4] $none using (krps[i]):(i) with points pt 6 ps 1.6*mark lw 2 lc rgb black
unset multiplot
