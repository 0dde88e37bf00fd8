/* SPDX-License-Identifier: MIT */
/*
 * tcp_cc.c - the algorithms there are, and giving a connection one
 *
 * A connection is born with the one of the configuration (tcp_pcb.c). Not here: what an
 * algorithm does (tcp_cc_*.c), when it is asked (tcp_loss.c, tcp_ecn.c).
 */
#include "tcp/tcp_impl.h"

const char *const tcp_cc_names[] = { "newreno", "cubic", "dctcp", NULL };

static const struct tcp_cc_ops *const tcp_ccs[] = {
	&tcp_cc_newreno, &tcp_cc_cubic, &tcp_cc_dctcp };

_Static_assert(ARRAY_LEN(tcp_ccs) + 1 == ARRAY_LEN(tcp_cc_names), "a name an algorithm");

const struct tcp_cc_ops *tcp_cc_find(uint32_t i)
{
	return i < ARRAY_LEN(tcp_ccs) ? tcp_ccs[i] : NULL;
}

void tcp_cc_set(struct tcp *t, struct tcp_pcb *p, const struct tcp_cc_ops *cc)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (c->cc == cc)
		return;
	c->cc = cc;
	memset(&c->cc_state, 0, sizeof(c->cc_state));
	if (p->mss > 0)			/* else tcp_hs_take_syn() will */
		cc->init(t, p, c);
}
