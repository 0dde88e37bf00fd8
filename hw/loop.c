/* SPDX-License-Identifier: MIT */
/*
 * loop.c - run passes while there is something to do, sleep while there is not
 *
 * An elastic thread on a dedicated core would poll for ever. On a laptop it polls for a
 * while after the last frame and then sleeps on the interface until a frame or the next
 * deadline. How long it polls adapts: a sleep that ended soon doubles it (up to
 * cfg->spin_ns), a long one halves it.
 *
 * SIGINT and SIGTERM are blocked but inside ppoll(), so none is missed between the test
 * and the sleep; a loop too busy to sleep looks every LOOK_PASSES passes.
 */
#include "hw/world.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include "hw/clock.h"
#include "hw/netdev.h"

enum { LOOK_PASSES = 64 };

#define TX_RETRY_NS	NSEC_PER_MSEC		/* the kernel was full: try again this often */
#define COUNT_NS	NSEC_PER_MSEC		/* between counts of connections */
#define CLOSE_NS	(200 * NSEC_PER_MSEC)	/* for a finished client to close */
#define GRACE_NS	(10 * NSEC_PER_SEC)	/* for a client's last requests after its end */

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

void loop_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	stopped = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

/* When the workload wants to be entered without an event. */
static nsec app_due(const struct world *wd)
{
	return wd->cfg->app->next_due != NULL ? wd->cfg->app->next_due(wd->app) : NSEC_NEVER;
}

static void pass(struct world *wd, nsec now)
{
	uint64_t before = wd->tap.count.rx_frames;

	wd->tap.now = now;
	wd->im.now = now;
	if (wd->impaired)
		impair_poll(&wd->im, &wd->work);
	if (app_due(wd) <= now || wd->stop <= now)
		dp_kick(wd->dp);
	dp_run_once(wd->dp, now, &wd->work);
	wd->busy = wd->tap.count.rx_frames != before;
	if (wd->busy)
		wd->last_busy = now;
	if (wd->tap.count.rx_oversize > 0 && !wd->hinted) {
		wd->hinted = true;
		fprintf(stderr, "hint: %s hands us frames beyond its MTU; turn its offloads off: "
			"ethtool -K %s gro off lro off (on a veth also, at the far end: tso off "
			"gso off)\n", wd->tap.name, wd->tap.name);
	}
}

/* It has said so, and its connections are gone or had their time. */
static bool client_done(struct world *wd, nsec now)
{
	if (!wd->cfg->app->client)
		return false;
	if (wd->finished == NSEC_NEVER && wd->cfg->app->finished(wd->app))
		wd->finished = now;
	if (wd->finished == NSEC_NEVER || now - wd->finished >= CLOSE_NS)
		return wd->finished != NSEC_NEVER;
	if (now < wd->next_count)
		return false;
	wd->next_count = now + COUNT_NS;
	return dp_usage(wd->dp).conns == 0;
}

/* Sleep until a frame, a signal or @deadline (0: only look); never while one is pending. */
static void look(struct world *wd, nsec deadline)
{
	struct pollfd pfd = { .fd = wd->tap.fd, .events = POLLIN };
	nsec now = clock_now_ns();
	nsec left = deadline > now ? deadline - now : 0;
	struct timespec ts = { (time_t)(left / NSEC_PER_SEC), (long)(left % NSEC_PER_SEC) };
	sigset_t none;

	sigemptyset(&none);
	if (wd->tap.tx_blocked)
		pfd.events |= POLLOUT;
	ppoll(&pfd, 1, deadline == NSEC_NEVER ? NULL : &ts, &none);
	wd->unpolled = 0;
	if (left == 0)
		return;
	wd->sleeps++;
	if (clock_now_ns() - now < wd->cfg->spin_ns)
		wd->spin_budget = MIN(2 * wd->spin_budget + NSEC_PER_USEC, wd->cfg->spin_ns);
	else
		wd->spin_budget /= 2;
}

static void wait_next(struct world *wd, nsec now)
{
	nsec deadline = MIN(dp_next_deadline(wd->dp), app_due(wd));

	deadline = MIN(deadline, wd->end);
	if (wd->stop > now)		/* it must hear that time is up */
		deadline = MIN(deadline, wd->stop);
	if (wd->impaired)
		deadline = MIN(deadline, impair_deadline(&wd->im));
	if (wd->finished != NSEC_NEVER)
		deadline = MIN(deadline, wd->finished + CLOSE_NS);
	if (wd->tap.tx_blocked)
		deadline = deadline <= now ? now + TX_RETRY_NS : MIN(deadline, now + TX_RETRY_NS);
	else if (wd->busy || deadline <= now || now - wd->last_busy < wd->spin_budget)
		deadline = 0;
	if (deadline > 0 || ++wd->unpolled >= LOOK_PASSES)
		look(wd, deadline);
}

/* The interface was deleted. Asked only when a read has failed: down comes back, gone does not. */
static bool nic_gone(struct world *wd)
{
	int index;

	if (wd->tap.count.rx_errors == wd->rx_errors)
		return false;
	wd->rx_errors = wd->tap.count.rx_errors;
	return netdev_index(wd->tap.name, &index) == -ENODEV;
}

int loop_run(struct world *wd)
{
	bool client = wd->cfg->app->client;
	nsec now;

	wd->start = wd->last_busy = clock_now_ns();
	wd->end = wd->finished = NSEC_NEVER;
	wd->spin_budget = wd->cfg->spin_ns;
	if (wd->cfg->duration_ns != 0)
		wd->end = wd->start + wd->cfg->warmup_ns + wd->cfg->duration_ns +
			  (client ? GRACE_NS : 0);
	while (!stopped) {
		now = clock_now_ns();
		if (now >= wd->end)
			return client && wd->finished == NSEC_NEVER ? -ETIMEDOUT : 0;
		pass(wd, now);
		if (nic_gone(wd))
			return -ENODEV;
		if (client_done(wd, now))
			return 0;
		wait_next(wd, now);
	}
	return 0;
}
