/* SPDX-License-Identifier: MIT */
/*
 * swarm_world.c - what a seed chooses: every knob of a scenario, and the swarm's own
 *
 * Each dial is drawn from a stream named after it, so a knob that is new, renamed or gone
 * leaves every other choice of every seed as it was. A switch or an enumeration is drawn
 * without being listed; a number stays at its default unless choices[] lists it.
 * Entry points: swarm.h, "worlds". Not here: running one (swarm_run.c).
 */
#include <stdio.h>

#include "cli/units.h"
#include "tcp/tcp.h"
#include "tests/sim/swarm.h"

#define US NSEC_PER_USEC
#define MS NSEC_PER_MSEC
#define SEC NSEC_PER_SEC
#define PERCENT 10000000ull

const char *const swarm_prices[] = { "ix", "free", NULL };
static const char *const broken_names[] = { "no", "misreads", "asserts", "priced", NULL };

#define F(field) offsetof(struct swarm_cfg, field)
const struct knob swarm_knobs[] = {
	{ "conns", F(conns), KNOB_U32, UNIT_NONE, 1, 8, 1, "connections a client thread opens",
	  NULL, NULL },
	{ "first", F(first), KNOB_U32, UNIT_NONE, 0, 1000, 0,
	  "number of the first of them; the number decides what it does", NULL, NULL },
	{ "bytes_max", F(bytes_max), KNOB_U32, UNIT_BYTES, 1, 1u << 28, 5000,
	  "most bytes of a connection, either way", NULL, NULL },
	{ "spread", F(spread_ns), KNOB_U64, UNIT_NS, 1, 100 * SEC, 1 * MS,
	  "time over which they are opened", NULL, NULL },
	{ "faults", F(faults_ns), KNOB_U64, UNIT_NS, 10 * MS, 100 * SEC, 1 * SEC,
	  "how long the world is hostile before it heals", NULL, NULL },
	{ "slow", F(slow), KNOB_BOOL, UNIT_NONE, 0, 1, 0,
	  "readers may be slow, or stop for up to 3 s", NULL, NULL },
	{ "aborts", F(aborts), KNOB_BOOL, UNIT_NONE, 0, 1, 0,
	  "connections may end in RST, by one side or both", NULL, NULL },
	{ "stalls", F(stalls), KNOB_U32, UNIT_NONE, 0, 32, 0,
	  "times a core runs nothing for a while: its clock jumps", NULL, NULL },
	{ "stall_max", F(stall_max_ns), KNOB_U64, UNIT_NS, 1, 100 * SEC, 3 * SEC,
	  "longest of them", NULL, NULL },
	{ "drains", F(drains), KNOB_U32, UNIT_NONE, 0, 64, 0,
	  "times a pool (frames, references, timers, connections) is emptied", NULL, NULL },
	{ "drain_max", F(drain_max_ns), KNOB_U64, UNIT_NS, 1, 100 * SEC, 10 * MS,
	  "longest of them", NULL, NULL },
	{ "drain_leave", F(drain_leave), KNOB_U32, UNIT_NONE, 1, 4096, 1,
	  "fewer than this are left: the allocation that fails is any", NULL, NULL },
	{ "server_prices", F(server_prices), KNOB_ENUM, UNIT_NONE, 0, 0, 0,
	  "what the server's passes cost", swarm_prices, NULL },
	{ "client_prices", F(client_prices), KNOB_ENUM, UNIT_NONE, 0, 0, 1,
	  "what a client's passes cost", swarm_prices, NULL },
	{ "broken", F(broken), KNOB_ENUM, UNIT_NONE, 0, 0, 0,
	  "what is broken on purpose: a test of this test", broken_names, NULL },
};
const size_t n_swarm_knobs = ARRAY_LEN(swarm_knobs);

/* The first value is the calm one; what stands there twice is drawn twice as often. */
#define V(...) sizeof((uint64_t[]){ __VA_ARGS__ }) / 8, { __VA_ARGS__ }
static const struct choice {
	const char *key;		/* in full or by its end, after a dot */
	size_t n;
	uint64_t v[10];
} choices[] = {
	{ "clients", V(1, 1, 2, 3) },
	{ "server.threads", V(1, 1, 1, 2, 4) },
	{ "client.threads", V(1, 1, 1, 2) },
	{ "link.rate", V(10000000000, 10000000, 100000000, 1000000000, 10000000000,
			 40000000000) },
	{ "link.propagation", V(25, 25, 10 * US, 2 * MS) },
	{ "switch.buffer", V(9000000, 5000, 100000, 9000000) },
	{ "switch.ecn", V(0, 0, 3000, 60000) },
	{ "server.nic.ports", V(1, 1, 1, 2) },
	{ "nic.rx_ring", V(64, 16, 64, 64, 256, 512) },
	{ "nic.tx_ring", V(4096, 8, 64, 4096, 4096) },
	{ "nic.rx_refill", V(8, 1, 8, 32) },
	{ "fault.loss", V(0, 0, 1000000, PERCENT, 5 * PERCENT, 10 * PERCENT, 30 * PERCENT) },
	{ "fault.loss_burst", V(1, 1, 1, 3, 20) },
	{ "fault.dup", V(0, 0, 0, PERCENT, 10 * PERCENT) },
	{ "fault.corrupt", V(0, 0, 0, PERCENT, 5 * PERCENT) },
	{ "fault.reorder", V(0, 0, 0, PERCENT, 20 * PERCENT) },
	{ "fault.reorder_delay", V(5 * US, 5 * US, 50 * US, 1 * MS, 30 * MS) },
	{ "fault.jitter", V(0, 0, 0, 1 * US, 100 * US) },
	{ "fault.flap_period", V(0, 0, 0, 0, 50 * MS, 300 * MS) },
	{ "fault.flap_down", V(2 * MS, 2 * MS, 10 * MS, 25 * MS) },
	{ "fault.blackout_at", V(0, 0, 0, 0, 5 * MS, 20 * MS, 200 * MS) },
	{ "fault.blackout", V(100 * MS, 100 * MS, 700 * MS, 4 * SEC) },
	{ "fault.path_period", V(0, 0, 0, 1 * MS, 20 * MS, 300 * MS) },
	{ "fault.path_extra", V(20 * US, 20 * US, 500 * US, 10 * MS) },
	{ "fault.ecn", V(0, 0, PERCENT, 30 * PERCENT, 100 * PERCENT) },
	{ "swarm.conns", V(1, 1, 2, 3, 4, 5, 6, 7, 8) },
	{ "swarm.bytes_max", V(5000, 100, 5000, 60000, 60000, 200000, 200000, 1000000) },
	{ "swarm.spread", V(1 * MS, 1, 1 * MS, 100 * MS, 500 * MS) },
	{ "swarm.faults", V(1 * SEC, 1 * SEC, 1 * SEC, 200 * MS, 5 * SEC) },
	{ "swarm.stalls", V(0, 0, 0, 1, 4) },
	{ "swarm.drains", V(0, 0, 0, 1, 8, 32) },
	{ "swarm.drain_max", V(10 * MS, 100 * US, 10 * MS, 300 * MS) },
	{ "swarm.drain_leave", V(1, 1, 4, 64, 400) },
	{ "swarm.broken", V(SWARM_SOUND) },
	{ "dp.batch_max", V(64, 1, 1, 2, 8, 64, 1024) },
	{ "dp.events_max", V(4096, 16, 64, 4096) },
	{ "dp.calls_max", V(4096, 16, 64, 4096) },
	{ "client.dp.conns_max", V(256, 256, 256, 256, 256, 3) },
	{ "server.dp.conns_max", V(256, 256, 256, 256, 256, 2, 5) },
	{ "client.dp.port_max", V(65535, 65535, 65535, 65535, 65535, 1027) },
	{ "dp.backlog_max", V(65536, 65536, 65536, 65536, 1, 3) },
	{ "dp.mbufs", V(1024, 1024, 1024, 1024, 2048) },
	{ "dp.rcv_wnd", V(262144, 2048, 8192, 65535, 262144) },
	{ "dp.rcv_frames_max", V(4096, 16, 4096) },
	{ "dp.ooo_frames_max", V(512, 0, 4, 512) },
	{ "dp.mss", V(0, 0, 0, 0, 100, 536, 1000) },
	{ "dp.init_cwnd", V(10, 1, 4, 10) },
	{ "dp.syn_retries", V(15) },	/* nobody gives up: a plan is carried out */
	{ "dp.data_retries", V(30) },
	{ "dp.rto_min", V(200 * MS, 1 * MS, 5 * MS, 200 * MS) },
	{ "dp.rto_init", V(1 * SEC, 10 * MS, 100 * MS, 1 * SEC) },
	{ "dp.rto_max", V(10 * SEC) },
	{ "dp.delack", V(40 * MS, 0, 1 * MS, 40 * MS) },
	{ "dp.time_wait", V(60 * SEC) },	/* shorter, and a lost last ACK ends in RST */
	{ "dp.fin_wait2", V(60 * SEC) },
	{ "dp.nagle", V(0, 0, 0, 0, 1) },
	{ "dp.wscale", V(1, 1, 1, 1, 0) },
	{ "dp.fast_path", V(1, 1, 1, 1, 0) },
};

static size_t sections(void *ctx, struct section out[CONF_SECTIONS_MAX])
{
	struct world *w = ctx;
	size_t n = scenario_sections(&w->sc, out);

	_Static_assert((int)SCENARIO_SECTIONS_MAX < (int)CONF_SECTIONS_MAX, "room for the swarm's");
	out[n] = (struct section){ "swarm", swarm_knobs, n_swarm_knobs, &w->swarm };
	return n + 1;
}

static bool ends_with(const char *key, const char *end)
{
	size_t n = strlen(key), n_end = strlen(end);

	return n >= n_end && strcmp(key + n - n_end, end) == 0 &&
	       (n == n_end || key[n - n_end - 1] == '.');
}

static const struct choice *choice_of(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		if (ends_with(key, choices[i].key))
			return &choices[i];
	return NULL;
}

/* The run itself is no dial: its length, its files, its seed. */
static bool is_dial(const struct section *s, const struct knob *k)
{
	if (k->type == KNOB_STRING || k->type == KNOB_DOUBLE)
		return false;
	return s->path[0] || strcmp(k->name, "clients") == 0 || strcmp(k->name, "arp") == 0;
}

size_t world_dials(struct dial out[WORLD_DIALS_MAX])
{
	static struct world w;		/* only its layout is looked at */
	struct section s[CONF_SECTIONS_MAX];
	const struct choice *c;
	size_t n = 0, n_sections;

	w.sc.test_server = &swarm_server_ops;
	w.sc.test_client = &swarm_client_ops;
	n_sections = sections(&w, s);
	for (size_t i = n_sections; i-- > 0;)	/* the swarm's own first */
		for (size_t j = 0; j < s[i].n; j++) {
			struct dial *d = &out[n];

			if (!is_dial(&s[i], &s[i].knobs[j]))
				continue;
			assert(n < WORLD_DIALS_MAX);
			n++;
			d->knob = &s[i].knobs[j];
			d->obj_off = (size_t)((char *)s[i].obj - (char *)&w);
			snprintf(d->key, sizeof(d->key), "%s%s%s", s[i].path,
				 s[i].path[0] ? "." : "", d->knob->name);
			c = choice_of(d->key);
			d->calm = c ? c->v[0] : d->knob->def;
		}
	return n;
}

uint64_t dial_get(const struct dial *d, const struct world *w)
{
	return knob_get(d->knob, (const char *)w + d->obj_off);
}

void dial_set(const struct dial *d, struct world *w, uint64_t v)
{
	int rc = knob_set(d->knob, (char *)w + d->obj_off, v);

	if (rc != 0)
		fprintf(stderr, "swarm: choices[] has %llu for %s, which is out of its range\n",
			(unsigned long long)v, d->key);
	assert(rc == 0);
}

static uint64_t draw(const struct dial *d, uint64_t seed)
{
	static const uint64_t key[2] = { 0x6a09e667f3bcc908, 0xbb67ae8584caa73b };
	const struct choice *c = choice_of(d->key);
	uint64_t n = 0;
	struct rng r;

	rng_stream(&r, seed, siphash24(key, d->key, strlen(d->key)));
	if (c)
		return c->v[rng_below(&r, c->n)];
	if (d->knob->type == KNOB_BOOL)
		return rng_below(&r, 2);
	if (d->knob->type != KNOB_ENUM)
		return d->knob->def;
	while (d->knob->names[n])
		n++;
	return rng_below(&r, n);
}

void world_choose(struct world *w, uint64_t seed, bool calm)
{
	static struct dial dials[WORLD_DIALS_MAX];
	static size_t n;

	if (n == 0)
		n = world_dials(dials);
	memset(w, 0, sizeof(*w));
	scenario_defaults(&w->sc);
	w->sc.test_server = &swarm_server_ops;
	w->sc.test_client = &swarm_client_ops;
	w->sc.seed = w->swarm.seed = seed;
	knob_defaults(swarm_knobs, n_swarm_knobs, &w->swarm);
	for (size_t i = 0; i < n; i++)
		dial_set(&dials[i], w, calm ? dials[i].calm : draw(&dials[i], seed));
}

int world_set(struct world *w, const char *assignment, char *err, size_t err_len)
{
	struct schema schema = { sections, w, NULL, "swarm --list-keys" };
	const char *eq = strchr(assignment, '=');
	char key[CONF_KEY_MAX];
	struct conf_knob k;

	if (!eq || (size_t)(eq - assignment) >= sizeof(key)) {
		snprintf(err, err_len, "\"%.100s\" is not key=value", assignment);
		return -EINVAL;
	}
	snprintf(key, sizeof(key), "%.*s", (int)(eq - assignment), assignment);
	if (schema_find(&schema, key, true, &k, err, err_len) != CONF_FOUND ||
	    value_parse(k.knob, k.obj, eq + 1, err, err_len) != 0)
		return -EINVAL;
	return 0;
}

void world_fast_path(struct world *w, bool on)
{
	w->sc.server.dp.fast_path = w->sc.client.dp.fast_path = on;
	/* What merging saves is priced on the fast path, so time would tell them apart. */
	w->sc.server.exec.large_segments = w->sc.client.exec.large_segments = false;
}

/* Too few entries for everybody at some moment; those in TIME-WAIT count. */
static bool is_scarce(const struct world *w)
{
	const struct scenario *sc = &w->sc;
	uint32_t all = sc->clients * sc->client.threads * w->swarm.conns;
	uint32_t ports = sc->client.dp.port_max - sc->client.dp.port_min + 1;

	return ports < 256 || sc->server.dp.conns_max < all || sc->server.dp.backlog_max < all ||
	       sc->client.dp.conns_max < w->swarm.conns;
}

static void settle_host(struct host_cfg *h, uint32_t prices)
{
	snprintf(h->profile, sizeof(h->profile), "%s", swarm_prices[prices]);
	h->nic.rx_refill = MIN(h->nic.rx_refill, h->nic.rx_ring);
	h->dp.rto_max_ns = MAX(h->dp.rto_max_ns, MAX(h->dp.rto_min_ns, h->dp.rto_init_ns));
	if (exec_trouble(&h->exec)) {		/* IX's order, whatever else was drawn */
		h->exec.stack = STACK_COMPLETION;
		h->exec.wake = WAKE_POLL;
	}
}

int world_settle(struct world *w, char *err, size_t err_len)
{
	struct scenario *sc = &w->sc;

	sc->client.nic.ports = 1;
	sc->sw.present |= sc->clients > 1 || sc->server.nic.ports > 1;
	sc->sw.ecn_bytes = MIN(sc->sw.ecn_bytes, sc->sw.buffer_bytes);
	if (sc->server.threads > 1 || sc->client.threads > 1)
		sc->arp = 0;		/* a NIC hands every ARP packet to queue 0 */
	if (sc->link.rate_bps <= 100000000)
		w->swarm.bytes_max = MIN(w->swarm.bytes_max, 20000u);
	/* ARP has no checksum: a SYN must outlast an entry that a flipped bit made wrong. */
	if (sc->arp && sc->fault.corrupt_ppb > 0)
		sc->client.dp.rto_init_ns = MAX(sc->client.dp.rto_init_ns, 100 * NSEC_PER_MSEC);
	settle_host(&sc->server, w->swarm.server_prices);
	settle_host(&sc->client, w->swarm.client_prices);
	w->swarm.scarce = is_scarce(w);
	w->swarm.ghosts = sc->server.dp.syn_cookies != TCP_COOKIE_OFF;
	memcpy(sc->server_app, &w->swarm, sizeof(w->swarm));
	memcpy(sc->client_app, &w->swarm, sizeof(w->swarm));
	return scenario_check(sc, err, err_len);
}

/* Dials of @w that are not what they are in @base, into @diff. Returns how many. */
static size_t differences(const struct world *w, const struct world *base,
			  const struct dial *dials, size_t n, uint16_t diff[WORLD_DIALS_MAX])
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (dial_get(&dials[i], w) != dial_get(&dials[i], base))
			diff[k++] = (uint16_t)i;
	return k;
}

size_t world_print(const struct world *w, FILE *f)
{
	static struct dial dials[WORLD_DIALS_MAX];
	static struct world chosen, calm;
	uint16_t diff[2][WORLD_DIALS_MAX];
	size_t n = world_dials(dials), k[2], use;
	char text[UNIT_TEXT_MAX], err[256];

	world_choose(&chosen, w->sc.seed, false);
	world_choose(&calm, w->sc.seed, true);
	(void)world_settle(&chosen, err, sizeof(err));
	(void)world_settle(&calm, err, sizeof(err));
	k[0] = differences(w, &chosen, dials, n, diff[0]);
	k[1] = differences(w, &calm, dials, n, diff[1]);
	use = k[1] < k[0];
	fprintf(f, "--first %llu --seeds 1%s", (unsigned long long)w->sc.seed,
		use ? " --calm" : "");
	for (size_t i = 0; i < k[use]; i++) {
		const struct dial *d = &dials[diff[use][i]];

		value_format(d->knob, (const char *)w + d->obj_off, text, sizeof(text));
		fprintf(f, strchr(text, ' ') ? " --set '%s=%s'" : " --set %s=%s", d->key, text);
	}
	return k[use];
}
