# SPDX-License-Identifier: MIT
# budget.gp - one-way latency of 64 B, a bar a hop, in the order of the budget
height = 560
load figs.'/common.gp'
hops = 'stack pcie nic app transmit switch wire queue'
# What is software, what the NIC, what the network.
tint(i) = word(blue.' '.orange.' '.orange.' '.sky.' '.sky.' '.green.' '.green.' '.grey, i)
what(i) = word('dataplane_(both_ends) PCIe NIC_(both_ends) application '. \
	'transmit_and_doorbell switch wire waiting_for_a_pass', i)
array us[8]
set datafile columnheaders
do for [i=1:8] {
	stats csv using (column('budget_'.word(hops,i).'_us')/2) nooutput
	us[i] = STATS_max
}
stats csv using (column('one_way_us')) nooutput
total = STATS_max
set datafile nocolumnheaders
clean(s) = system("echo '".s."' | tr _ ' '")
set lmargin at screen 0.25
set rmargin at screen 0.93
set bmargin at screen 0.30
set tmargin at screen 0.885
set label 9002 at screen 0.025,0.115
set yrange [8.7:0.3]
longest = 0
do for [i=1:8] { longest = us[i] > longest ? us[i] : longest }
set xrange [0:1.2*longest]
set format y ''
unset ytics
set grid noytics
set grid xtics ls 10
set xlabel 'us, one way (half of the mean round trip)' offset 0,0.3
do for [i=1:8] {
	set label i clean(what(i)) at graph -0.015,first i right tc rgb black font ',12'
	set object i rectangle from 0,i-0.36 to us[i],i+0.36 fc rgb tint(i) \
		fs solid noborder front
	set label 20+i sprintf('%.2f us  %.0f%%', us[i], 100*us[i]/total) \
		at us[i],i offset 0.6,0 left font ',11' tc rgb '#333333'
}
set label 40 sprintf('in all %.2f us; the paper states 5.7 us', total) \
	at graph 0.98,0.12 right font ',13' tc rgb black
plot NaN
