/* SPDX-License-Identifier: MIT */
/* The parts of the agent. agent.c creates and frees them; a part that does not exist yet is NULL.
 */
#ifndef AGENT_DAEMON_PARTS_H
#define AGENT_DAEMON_PARTS_H

#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/bfd/peer_bfd.h"
#include "agent/config/capabilities.h"
#include "agent/config/config.h"
#include "agent/daemon/confirm.h"
#include "agent/daemon/disable_file.h"
#include "agent/daemon/last_good.h"
#include "agent/daemon/instance.h"
#include "agent/daemon/peer_log.h"
#include "agent/daemon/program_users.h"
#include "agent/daemon/recovery.h"
#include "agent/daemon/sandbox.h"
#include "agent/daemon/service.h"
#include "agent/daemon/shutdown.h"
#include "agent/daemon/signals.h"
#include "agent/daemon/sources.h"
#include "agent/http/api.h"
#include "agent/model/peer_orders.h"
#include "agent/status/config_file.h"
#include "agent/status/event_ring.h"
#include "agent/status/status_sources.h"
#include "agent/store/store.h"
#include "agent/vip/actuator.h"
#include "agent/vip/host_addresses.h"
#include "agent/vip/host_changes.h"
#include "agent/vip/host_facts.h"
#include "agent/vip/traffic_watch.h"
#include "bgp/speaker.h"
#include "monitors/runner.h"
#include "process/child.h"
#include "process/file_watch.h"
#include "process/stale_children.h"

struct alarm_log;
struct check_now;
struct compare;
struct fleet_agent;
struct fleet_calls;
struct hooks;
struct host_shutdown;
struct programs;
struct reload;
struct restart;
struct roll;
struct rolling;
struct what_if;

struct agent {
	sd_event *loop;
	struct config *config;
	struct config_file config_file;
	mono_t began_at;
	struct host_addresses identity;
	struct capability_needs capabilities;
	uint64_t given_up;           /* capabilities, at the start: a bit for each CAP_… */
	struct last_good *last_good; /* NULL, and confirm too: nothing is kept */
	struct confirm *confirm;
	struct confirm_mark mark; /* as found at the start */
	struct event_ring *events;
	struct host_shutdown *host_shutdown; /* NULL: before the start, or no system bus */
	struct hooks *hooks;
	struct alarm_log *alarm_log; /* NULL: before the start, and in a stop */
	struct service *service;     /* NULL: no service manager */
	struct signals *signals;
	struct shutdown *shutdown;
	struct reload *reload;
	struct compare *compare;
	struct check_now *check_now;
	struct what_if *what_if;
	struct restart *restart;
	/* Of the configuration that is about to be put into effect; NULL: none. */
	const struct host_addresses *next_identity;
	const struct aggregate_list *next_aggregates; /* likewise */
	bool changing_peers;                          /* the speaker gets another configuration */
	struct api *api;
	struct instance instance;
	struct sandbox *sandbox;
	struct stale_children *stale_children; /* of the previous instance */
	struct actuator *actuator;
	struct child_user *exec_user;
	struct program_users program_users;
	struct programs *programs; /* NULL: before the apps of the configuration are registered */
	char **exec_env;
	struct host_facts *facts;
	struct monitor_runner *runner;
	struct registry *registry;
	struct fleet_agent *fleet; /* NULL: no guard is configured */
	struct fleet_calls *fleet_calls;
	struct rolling *rolling; /* NULL: before the store */
	const struct roll *roll; /* its roll; NULL: none */
	struct file_watcher *presence;
	struct disable_file *disable_file; /* NULL: none configured */
	struct store *store;
	struct peer_orders peer_orders;
	struct bgp_speaker *speaker;
	struct peer_bfd *bfd;
	mono_t close_limit;    /* of a shutdown: for the sessions of BGP and of BFD */
	mono_t children_limit; /* of a stop: for programs */
	bool bgp_closed;       /* and BFD may be told */
	bool sessions_closed;  /* by the peers, too */
	struct peer_log *peer_log;
	struct host_changes *host_changes;
	struct traffic_watch *traffic; /* NULL: not counted */
	struct recovery *recovery;
	struct sources *sources;
};

#endif
