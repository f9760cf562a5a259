/* SPDX-License-Identifier: MIT */
/*
 * An app as a JSON object with the keys of apps[], validated by the schema as one of the file is:
 * the body of PUT /v1/apps/NAME, and a line of the state file. Pure.
 */
#ifndef AGENT_CONFIG_DEFINE_H
#define AGENT_CONFIG_DEFINE_H

#include <jansson.h>
#include <stddef.h>

#include "agent/config/findings.h"
#include "agent/model/app_spec.h"

/* Of a text. */
#define CONFIG_DEFINITION_MAX 65536

/* 0; or -EINVAL with errors among the findings, which name keys ("monitors[0].rise"). `name`: the
 * app has to have it, or says none; NULL: any. The source of *ret is left to the caller. */
int config_define_app(const json_t *definition, const char *name, struct app_spec *ret,
		      struct config_findings *findings);
/* The same from a text, which is JSON without doubles of keys. */
int config_define_text(const char *text, size_t len, const char *name, struct app_spec *ret,
		       struct config_findings *findings);

#endif
