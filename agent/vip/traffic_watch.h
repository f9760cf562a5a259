/* SPDX-License-Identifier: MIT */
/*
 * Follows the traffic of all VIPs (agent.traffic): the kernel counts (nat/counters.h), and once a
 * second, with more than 1,000 VIPs every second for each thousand, the counters are read into
 * vip->traffic. VIPs that have come since are counted from then on. When the kernel cannot count,
 * it is tried again every minute.
 */
#ifndef AGENT_VIP_TRAFFIC_WATCH_H
#define AGENT_VIP_TRAFFIC_WATCH_H

#include <systemd/sd-event.h>

#include "agent/vip/aggregates.h"
#include "agent/vip/reconcile.h"
#include "bgp/speaker.h"

struct traffic_watch;

/* All counters have been read. It may not free the watch. */
typedef void traffic_sampled_cb(void *userdata);

/* `reconcile`, `speaker` and `aggregates` must outlive it. */
struct traffic_watch *traffic_watch_new(sd_event *loop, struct reconcile *reconcile,
					const struct bgp_speaker *speaker,
					const struct aggregates *aggregates,
					traffic_sampled_cb *sampled, void *userdata);
/* Nothing is counted any more. */
void traffic_watch_free(struct traffic_watch *w);
/* Why nothing is counted; "" while it is. */
const char *traffic_watch_trouble(const struct traffic_watch *w);

#endif
