/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_agent.h"

#include "agent/config/config.h"
#include "agent/config/schema_hooks.h"
#include "agent/config/schema_log.h"
#include "agent/config/schema_metrics.h"
#include "agent/config/schema_api.h"
#include "agent/config/types.h"
#include "agent/config/types_bgp.h"

#define FIELD(member) .offset = offsetof(struct config_agent, member)

static const struct config_key exec_keys[] = {
	{ .name = "allow_from",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_monitors_from,
	  FIELD(admission.exec),
	  .default_words = "`config` and `http-admin`",
	  .doc = "Sources from which `exec:` monitors are accepted: `config`, this file; "
		 "`http-admin`, clients of the API that have proved to be `admin`, by the uid of a "
		 "unix socket, a token or a certificate; `http-local`, any HTTP client on this "
		 "host; `http`, "
		 "any HTTP client; `consul`; `nomad`; `none`." },
	{ .name = "user",
	  .effect = CONFIG_NEEDS_RESTART,
	  .type = &config_type_text,
	  FIELD(exec_user),
	  .default_words = "the user of the agent",
	  .doc = "Run all commands, of monitors and of hooks, as this user, with the groups of "
		 "that user and without "
		 "capabilities. Requires CAP_SETUID, CAP_SETGID and CAP_KILL." },
	{ .name = "env",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_env_names,
	  FIELD(exec_env),
	  .default_words = "none",
	  .doc = "Names of variables that commands get from the environment of the agent, besides "
		 "`PATH`, `LANG` and the `HOME` of their user. What is named here can be printed "
		 "by "
		 "every command, and is shown in `/v1/apps` then." },
	{ 0 },
};

static const struct config_key agent_monitors_keys[] = {
	{ .name = "allow_from",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_monitors_from,
	  FIELD(admission.others),
	  .default_words = "`config`, `http-local`, `consul` and `nomad`",
	  .doc = "Sources from which all other monitors except `port` and `consul` are accepted. "
		 "The values are those of `agent.exec.allow_from`." },
	{ 0 },
};

const struct config_section config_agent_monitors_section = {
	.path = "agent.monitors",
	.doc = "Admission of monitors that send requests in this host's name, like `http:`, or "
	       "reveal its files and processes. `port:` and `consul` are accepted from all "
	       "sources.",
	.keys = agent_monitors_keys,
};

const struct config_section config_exec_section = {
	.path = "agent.exec",
	.doc = "Admission and user of the commands of `exec:` monitors, which run on this host, "
	       "and the user of hooks.",
	.keys = exec_keys,
};

static const struct config_key vips_keys[] = {
	{ .name = "allow",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_prefixes,
	  FIELD(vips.allow),
	  .default_words = "host routes only",
	  .doc = "Prefixes that VIPs have to be in. An entry that is the VIP itself allows it "
		 "whatever is known against it." },
	{ .name = "max",
	  .type = &config_type_count,
	  FIELD(vips.max),
	  .min = 1,
	  .max = 65535,
	  .default_text = "4096",
	  .doc = "Maximum number of VIPs that are registered over HTTP and from Consul together. "
		 "Each is "
		 "an address on lo, which the kernel takes up to 1 ms to remove." },
	{ .name = "min_length",
	  .type = &config_type_lengths,
	  FIELD(vips.min_length),
	  .default_text = "24/48",
	  .doc = "Shortest prefix lengths of IPv4 and IPv6 VIPs in `allow`." },
	{ .name = "communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_communities,
	  FIELD(vips.communities),
	  .default_words = "all but BLACKHOLE (65535:666)",
	  .doc = "Communities that routes may be given." },
	{ .name = "strict",
	  .type = &config_type_bool,
	  FIELD(vips.strict),
	  .default_text = "false",
	  .doc = "The apps of this file are bound by the policy, too." },
	{ 0 },
};

const struct config_section config_vips_section = {
	.path = "agent.vips",
	.doc = "VIPs and communities that are accepted over HTTP and from Consul's tags. Without "
	       "`allow`, host routes (/32, /128) only, and never an address of this host, the next "
	       "hop of a route, a connected subnet or its first and last address, Consul's "
	       "address, and addresses reserved for special use. See [vips.md](vips.md).",
	.keys = vips_keys,
};

static const struct config_key agent_keys[] = {
	{ .name = "listen_addr",
	  .effect = CONFIG_NEEDS_RESTART,
	  .type = &config_type_endpoint,
	  FIELD(listen_addr),
	  .default_text = ":8080",
	  .doc = "Listen address of the HTTP API. Who may do what there is under `agent.api`." },
	{ .name = "read_addr",
	  .type = &config_type_endpoint,
	  FIELD(read_addr),
	  .effect = CONFIG_NEEDS_RESTART,
	  .default_words = "none",
	  .doc = "Second listen address, for reading only, whoever asks." },
	{ .name = "api",
	  .shape = CONFIG_SECTION,
	  .section = &config_api_section,
	  .doc = "Who may do what over the API, see below." },
	{ .name = "user",
	  .effect = CONFIG_NEEDS_RESTART,
	  .type = &config_type_text,
	  FIELD(user),
	  .default_words = "the user that starts it",
	  .doc = "Started as root, the agent runs as this user, with the groups of that user and "
		 "the capabilities that the configuration needs." },
	{ .name = "drop_privileges",
	  .effect = CONFIG_NEEDS_RESTART,
	  .type = &config_type_bool,
	  FIELD(drop_privileges),
	  .default_text = "true",
	  .doc = "Give up the capabilities that the configuration does not need, for the commands "
		 "of `exec` monitors too, which then cannot gain any by setuid programs either. "
		 "See "
		 "[service.md](service.md#started-as-root)." },
	{ .name = "sandbox",
	  .effect = CONFIG_NEEDS_RESTART,
	  .type = &config_type_bool,
	  FIELD(sandbox),
	  .default_text = "true",
	  .doc = "Filter the system calls of the agent, and restrict the files that it writes to "
		 "its own directories (Landlock, Linux 5.13). Commands of `exec` monitors are not "
		 "restricted. See [security.md](security.md#what-a-break-in-gets)." },
	{ .name = "monitor_interval",
	  .type = &config_type_duration,
	  FIELD(monitor_timing.interval),
	  .default_text = "10s",
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .flags = CONFIG_ZERO_IS_DEFAULT,
	  .doc = "Interval between two checks of a monitor. `port` and `process` monitors are "
		 "notified by the kernel; they are checked at this interval in addition." },
	{ .name = "fast_interval",
	  .type = &config_type_duration,
	  FIELD(monitor_timing.fast_interval),
	  .default_text = "1s",
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .doc = "Interval while a change is pending, that is, after the first result that "
		 "contradicts the current health and before `rise` or `fall` is reached. Never "
		 "longer than the interval." },
	{ .name = "timeout",
	  .type = &config_type_duration,
	  FIELD(monitor_timing.timeout),
	  .default_words = "the interval",
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .doc = "Time after which a check is terminated and counted as a failure." },
	{ .name = "rise",
	  .type = &config_type_count,
	  FIELD(monitor_timing.rise),
	  .default_text = "1",
	  .min = 1,
	  .max = 1000,
	  .doc = "Number of consecutive successful checks after which a monitor is healthy." },
	{ .name = "fall",
	  .type = &config_type_count,
	  FIELD(monitor_timing.fall),
	  .default_text = "1",
	  .min = 1,
	  .max = 1000,
	  .doc = "Number of consecutive failed checks after which a monitor is unhealthy." },
	{ .name = "exec_max",
	  .type = &config_type_count,
	  FIELD(exec_max),
	  .default_text = "64",
	  .min = 1,
	  .max = 10000,
	  .doc = "Maximum number of commands of `exec` monitors that run at the same time. Further "
		 "checks are queued." },
	{ .name = "tls_ca",
	  .type = &config_type_path,
	  FIELD(tls_ca),
	  .default_words = "those of the system",
	  .doc = "PEM file with the certificate authorities that `https` monitors trust. Changes "
		 "of the file take effect within a minute." },
	{ .name = "hold_down",
	  .type = &config_type_duration,
	  FIELD(hold_down),
	  .default_text = "0s",
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "Flap damping: time for which an app that fails again soon after it recovered "
		 "stays withdrawn. Doubles with each further flap. 0 disables damping." },
	{ .name = "hold_down_max",
	  .type = &config_type_duration,
	  FIELD(hold_down_max),
	  .default_text = "5m",
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .doc = "Upper limit of that time. An app that has been up for this long is not "
		 "considered flapping." },
	{ .name = "bind",
	  .type = &config_type_bind,
	  FIELD(bind),
	  .default_text = "address",
	  .doc = "Whose the addresses of VIPs are on this host, where an app does not set it, see "
		 "`apps[].bind`." },
	{ .name = "cleanup_timer",
	  .type = &config_type_duration,
	  FIELD(cleanup_timer),
	  .default_text = "15m",
	  .min = MSEC(1),
	  .flags = CONFIG_ZERO_IS_DEFAULT,
	  .doc = "Time for which the VIP stays on lo after the route was withdrawn, so that "
		 "established flows can end." },
	{ .name = "consul_addr",
	  .type = &config_type_consul_addr,
	  FIELD(consul.addr),
	  .default_words = "none",
	  .doc = "Address of the local Consul agent, with or without `/v1`; `https://` and "
		 "`unix://` are supported. Its services are registered as apps, see "
		 "[consul.md](consul.md)." },
	{ .name = "consul_query_interval",
	  .type = &config_type_duration,
	  FIELD(consul.query_interval),
	  .default_text = "5m",
	  .min = SEC(1),
	  .flags = CONFIG_ZERO_IS_DEFAULT,
	  .doc = "Maximum time between two full reads of the catalog, limited to one minute. "
		 "Changes are received at once, by blocking queries." },
	{ .name = "consul_token",
	  .type = &config_type_text,
	  FIELD(consul.token),
	  .flags = CONFIG_SECRET,
	  .doc = "ACL token. Requires `node:read` and `service:read`, and `agent:read` unless "
		 "`CONSUL_NODE` is set." },
	{ .name = "consul_token_file",
	  .type = &config_type_text,
	  FIELD(consul.token_file),
	  .doc = "File that contains the ACL token. It is read for every request; `consul_token` "
		 "takes precedence. `%d/` in front stands for systemd's "
		 "`$CREDENTIALS_DIRECTORY`." },
	{ .name = "consul_ca_cert",
	  .type = &config_type_text,
	  FIELD(consul.ca_file),
	  .default_words = "those of the system",
	  .doc = "PEM file with the certificate authorities that Consul's certificate is verified "
		 "against." },
	{ .name = "consul_client_cert",
	  .type = &config_type_text,
	  FIELD(consul.cert_file),
	  .doc = "PEM file with the client certificate presented to Consul." },
	{ .name = "consul_client_key",
	  .type = &config_type_text,
	  FIELD(consul.key_file),
	  .doc = "PEM file with the private key of `consul_client_cert`." },
	{ .name = "consul_tls_verify",
	  .type = &config_type_bool,
	  FIELD(consul.tls_verify),
	  .default_text = "true",
	  .doc = "Verify Consul's certificate. With `false`, a man in the middle can register "
		 "services." },
	{ .name = "consul_datacenter",
	  .type = &config_type_text,
	  FIELD(consul.datacenter),
	  .default_words = "that of the local agent",
	  .doc = "Datacenter to query." },
	{ .name = "consul_namespace",
	  .type = &config_type_text,
	  FIELD(consul.namespace),
	  .doc = "Namespace to query (Consul Enterprise)." },
	{ .name = "consul_partition",
	  .type = &config_type_text,
	  FIELD(consul.partition),
	  .doc = "Admin partition to query (Consul Enterprise)." },
	{ .name = "consul_match_tag",
	  .type = &config_type_text,
	  FIELD(consul.match_tag),
	  .default_text = "enable_gocast",
	  .doc = "Services with this tag are registered as apps." },
	{ .name = "consul_warning",
	  .type = &config_type_consul_warning,
	  FIELD(consul.warning_fails),
	  .default_text = "pass",
	  .doc = "Whether a check in state `warning` passes or fails a `consul` monitor." },
	{ .name = "consul_max_stale",
	  .type = &config_type_duration,
	  FIELD(consul.max_stale),
	  .min = SEC(1),
	  .default_words = "no limit",
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "`consul` monitors fail when Consul has not answered for this long. 0 means no "
		 "limit: an unreachable Consul withdraws nothing." },
	{ .name = "consul_publish",
	  .effect = CONFIG_NEEDS_RESTART,
	  .type = &config_type_bool,
	  FIELD(consul.publish),
	  .default_text = "false",
	  .doc = "Register a service `vipherald` in the local Consul agent, with a TTL check for "
		 "each app that shows its state and reason. The token requires `service:write`." },
	{ .name = "nomad_addr",
	  .type = &config_type_consul_addr,
	  FIELD(nomad.addr),
	  .default_words = "none",
	  .doc = "Address of the Nomad agent on this host, with or without `/v1`; `https://` and "
		 "`unix://` are supported. Services of this node that Nomad registers itself "
		 "become apps, "
		 "see [nomad.md](nomad.md)." },
	{ .name = "nomad_query_interval",
	  .type = &config_type_duration,
	  FIELD(nomad.query_interval),
	  .default_text = "5m",
	  .min = SEC(1),
	  .flags = CONFIG_ZERO_IS_DEFAULT,
	  .doc = "As `consul_query_interval`." },
	{ .name = "nomad_token",
	  .type = &config_type_text,
	  FIELD(nomad.token),
	  .flags = CONFIG_SECRET,
	  .doc = "ACL token. Requires `agent:read`, and `read-job` in the namespaces." },
	{ .name = "nomad_token_file",
	  .type = &config_type_text,
	  FIELD(nomad.token_file),
	  .doc = "File that contains the ACL token, as `consul_token_file`." },
	{ .name = "nomad_ca_cert",
	  .type = &config_type_text,
	  FIELD(nomad.ca_file),
	  .default_words = "those of the system",
	  .doc = "PEM file with the certificate authorities that Nomad's certificate is verified "
		 "against." },
	{ .name = "nomad_client_cert",
	  .type = &config_type_text,
	  FIELD(nomad.cert_file),
	  .doc = "PEM file with the client certificate presented to Nomad." },
	{ .name = "nomad_client_key",
	  .type = &config_type_text,
	  FIELD(nomad.key_file),
	  .doc = "PEM file with the private key of `nomad_client_cert`." },
	{ .name = "nomad_tls_verify",
	  .type = &config_type_bool,
	  FIELD(nomad.tls_verify),
	  .default_text = "true",
	  .doc = "Verify Nomad's certificate. With `false`, a man in the middle can register "
		 "services." },
	{ .name = "nomad_region",
	  .type = &config_type_text,
	  FIELD(nomad.datacenter),
	  .default_words = "that of the agent",
	  .doc = "Region to query." },
	{ .name = "nomad_namespace",
	  .type = &config_type_text,
	  FIELD(nomad.namespace),
	  .default_words = "`default`",
	  .doc = "Namespace to query, or `*` for all that the token may read." },
	{ .name = "nomad_match_tag",
	  .type = &config_type_text,
	  FIELD(nomad.match_tag),
	  .default_text = "enable_gocast",
	  .doc = "Services with this tag are registered as apps." },
	{ .name = "drain_time",
	  .type = &config_type_duration,
	  FIELD(drain_time),
	  .default_text = "30s",
	  .max = HOURS(24),
	  .doc = "Time for which a drained app stays announced with a less preferred route before "
		 "it is withdrawn: as long as the routers need to move its traffic, see "
		 "[drain.md](drain.md)." },
	{ .name = "drain_until",
	  .type = &config_type_rate,
	  FIELD(drain_until),
	  .min = 1,
	  .max = 1000000000,
	  .default_words = "none",
	  .doc = "A drained app is withdrawn before `drain_time` is over when its VIPs together "
		 "get "
		 "fewer packets than this. Requires `traffic`." },
	{ .name = "traffic",
	  .type = &config_type_bool,
	  FIELD(traffic),
	  .default_text = "false",
	  .doc = "Count the packets of each VIP, by a table of nftables (Linux 5.7), see "
		 "[metrics.md](metrics.md#traffic)." },
	{ .name = "shutdown_drain",
	  .type = &config_type_bool,
	  FIELD(shutdown_drain),
	  .default_text = "false",
	  .doc = "Drain all apps on SIGTERM before the shutdown, which takes `drain_time` longer. "
		 "A second SIGTERM stops at once." },
	{ .name = "disable_file",
	  .type = &config_type_path,
	  FIELD(disable_file),
	  .doc = "All apps are drained while this file exists." },
	{ .name = "state_file",
	  .effect = CONFIG_NEEDS_RESTART,
	  .type = &config_type_path_or_off,
	  FIELD(state_file),
	  .default_words =
		  "`state.json` in systemd's `$STATE_DIRECTORY`, else in `/var/lib/vipherald`",
	  .doc = "Persistent state: apps registered over HTTP, their leases, and drains over HTTP "
		 "survive a restart or a crash, see [state.md](state.md). `\"\"` or `off` disables "
		 "it." },
	{ .name = "keep_last_window",
	  .type = &config_type_duration,
	  FIELD(keep_last_window),
	  .default_words = "`monitor_interval`, or longer if the checks of the group take longer",
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .doc = "Apps of a group that go down within this time are considered to fail at the same "
		 "moment, see `keep_last`." },
	{ .name = "log",
	  .shape = CONFIG_SECTION,
	  .section = &config_log_section,
	  .doc = "What is logged, see below." },
	{ .name = "metrics",
	  .shape = CONFIG_SECTION,
	  .section = &config_metrics_section,
	  .doc = "What `/metrics` has, see below." },
	{ .name = "hooks",
	  .shape = CONFIG_SECTIONS,
	  .section = &config_hooks_section,
	  .type = &config_type_hooks,
	  FIELD(hooks),
	  .add = config_add_hook,
	  .doc = "Commands that are run on events, see below." },
	{ .name = "vips",
	  .shape = CONFIG_SECTION,
	  .section = &config_vips_section,
	  .doc = "VIPs that may be asked for, see below." },
	{ .name = "exec",
	  .shape = CONFIG_SECTION,
	  .section = &config_exec_section,
	  .doc = "Commands of `exec` monitors, see below." },
	{ .name = "monitors",
	  .shape = CONFIG_SECTION,
	  .section = &config_agent_monitors_section,
	  .doc = "Admission of the other monitors, see below." },
	{ 0 },
};
#undef FIELD

const struct config_section config_agent_section = {
	.path = "agent",
	.doc = "The agent itself. The section is optional.",
	.keys = agent_keys,
};
