/* SPDX-License-Identifier: MIT */
/* The scenarios. Each adds its figures, in an empty network namespace, or fails. */
#ifndef BENCH_SCENARIOS_H
#define BENCH_SCENARIOS_H

#include "bench/report.h"

void scenario_start(struct report *r);
void scenario_boot(struct report *r);
void scenario_stop(struct report *r);
void scenario_transfer(struct report *r);
void scenario_latency(struct report *r);
void scenario_memory(struct report *r);
void scenario_reconnect(struct report *r);
void scenario_linear(struct report *r);
void scenario_health(struct report *r);
void scenario_evidence(struct report *r);
void scenario_idle(struct report *r);
void scenario_exec(struct report *r);
void scenario_nat(struct report *r);
void scenario_bfd(struct report *r);
void scenario_names(struct report *r);
void scenario_verbs(struct report *r);
void scenario_scrape(struct report *r);
void scenario_traffic(struct report *r);
void scenario_consul(struct report *r);
void scenario_fleet(struct report *r);
void scenario_others(struct report *r);

#endif
