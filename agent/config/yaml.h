/* SPDX-License-Identifier: MIT */
/* libyaml's errors, in words of the configuration file. */
#ifndef AGENT_CONFIG_YAML_H
#define AGENT_CONFIG_YAML_H

#include <stddef.h>

#include <yaml.h>

#include "agent/config/findings.h"

/* The parser has just failed on `text`; adds the one error that says why and where. */
void config_yaml_report(const yaml_parser_t *parser, const char *text, size_t len,
			struct config_findings *findings);

#endif
