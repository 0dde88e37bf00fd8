/* SPDX-License-Identifier: MIT */
/*
 * app.c - the workloads by name
 */
#include "workloads/app.h"

#include <string.h>

const struct app_ops *const app_all[] = {
	&echo_server_ops,
	&echo_client_ops,
	&netpipe_server_ops,
	&netpipe_client_ops,
	&stream_server_ops,
	&stream_client_ops,
	&bulk_server_ops,
	&bulk_client_ops,
	&kv_server_ops,
	&kv_client_ops,
	NULL,
};

const struct app_ops *app_find(const char *name)
{
	for (const struct app_ops *const *a = app_all; *a; a++)
		if (strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}

void app_report_served(struct app_report *r, const struct app_served *s)
{
	*r = (struct app_report){
		.requests = s->requests, .bytes = s->bytes, .conns_opened = s->opened,
		.conns_failed = s->refused, .conns_died = s->died, .conns_open = s->open,
	};
}
