/* SPDX-License-Identifier: MIT */
/* The data of the loader, for load.c, which owns it, and load_texts.c. */
#ifndef AGENT_CONFIG_LOAD_DATA_H
#define AGENT_CONFIG_LOAD_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/config/build.h"
#include "agent/config/check_apps.h"
#include "agent/config/check_host.h"
#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/parse.h"
#include "agent/config/set.h"
#include "agent/config/tree.h"
#include "lib/sha256.h"
#include "net/tls_keys.h"

enum load_stage {
	LOAD_READ,
	LOAD_HASH,
	LOAD_PARSE,
	LOAD_BUILD,
	LOAD_NEXT, /* the next included file */
	LOAD_CHECK_KEYS,
	LOAD_CHECK_APPS,
	LOAD_CHECK_HOST,
	LOAD_CHECK_REST,
	LOAD_FINISH,
};

struct config_loader {
	char *file; /* NULL: the text */
	struct config_source source;
	struct config_findings *findings;
	struct config_findings broken; /* of included files that are replaced or left out */
	enum load_stage stage;
	unsigned round;
	bool found; /* the included files */
	struct config_set set;
	size_t at; /* the text that is parsed and built */
	struct config_parser *parser;
	struct config_tree **trees; /* of the texts */
	size_t n_trees;
	struct config_node *last_app;
	struct sha256 hash;
	size_t hashed; /* octets */
	struct config_build build;
	struct config_draft draft;
	struct config_apps_check *apps_check;
	struct config_host_check host_check;
	struct tls_keys *tls_keys;
};

#endif
