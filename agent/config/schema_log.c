/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_log.h"

#include "agent/config/config.h"
#include "agent/config/types.h"

#define FIELD(member) .offset = offsetof(struct config_agent, member)

#define MODULE(at, module, what)                                                                   \
	{                                                                                          \
		.name = module, .type = &config_type_log_level, FIELD(log.modules[at]),            \
		.default_words = "`agent.log.level`", .doc = what,                                 \
	}
/* In the order of log_modules[]. */
static const struct config_key log_modules_keys[] = {
	MODULE(0, "agent", "Start, stop, signals, drain of the agent."),
	MODULE(1, "api", "Requests."),
	MODULE(2, "app", "Health and drain of apps."),
	MODULE(3, "bfd", "Sessions of BFD, its process."),
	MODULE(4, "bgp", "Sessions, messages, path to peers, next hops."),
	MODULE(5, "capability", "Capabilities that the agent lacks."),
	MODULE(6, "config", "Errors and warnings of the configuration."),
	MODULE(7, "consul", "Contact, queries, services."),
	MODULE(8, "exec", "Commands."),
	MODULE(9, "fleet", "The session in Consul, rolling work."),
	MODULE(10, "listen", "The command `vipherald listen`."),
	MODULE(11, "loop", "Turns of the event loop that took long."),
	MODULE(12, "monitor", "Checks."),
	MODULE(13, "nat", "Back end, rules."),
	MODULE(14, "netlink", "Requests to the kernel."),
	MODULE(15, "nomad", "Contact, queries, services."),
	MODULE(16, "service", "The service manager."),
	MODULE(17, "state", "The state file."),
	MODULE(18, "vip", "Addresses on lo."),
	{ 0 },
};
#undef MODULE

const struct config_section config_log_modules_section = {
	.path = "agent.log.modules",
	.doc = "Levels of single modules.",
	.keys = log_modules_keys,
};

static const struct config_key log_keys[] = {
	{ .name = "level",
	  .type = &config_type_log_level,
	  FIELD(log.level),
	  .default_text = "info",
	  .doc = "The least important lines that are logged. `-v=1` and `-v=2` on the command line "
		 "raise it to `debug` and `trace`." },
	{ .name = "format",
	  .type = &config_type_log_format,
	  FIELD(log.format),
	  .default_text = "text",
	  .doc = "`json`: an object per line, with `time`, `level`, `module` and `msg`." },
	{ .name = "modules",
	  .shape = CONFIG_SECTION,
	  .section = &config_log_modules_section,
	  .doc = "Levels of single modules, see below." },
	{ 0 },
};

const struct config_section config_log_section = {
	.path = "agent.log",
	.doc = "Logging, see [logging.md](logging.md).",
	.keys = log_keys,
};
