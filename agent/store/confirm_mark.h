/* SPDX-License-Identifier: MIT */
/*
 * Mark of a `reload --confirm` for the next start: a file in the state directory, some lines.
 *
 *	vipherald unconfirmed         rolled-back: it was not confirmed
 *	sha256 HASH                   of the text on trial
 *	at 2026-01-02T03:04:05.678Z   when that was reloaded, or went back
 *	by uid 0                      who asked for it
 *	file /etc/vipherald/config.yaml
 *
 * Pure.
 */
#ifndef AGENT_STORE_CONFIRM_MARK_H
#define AGENT_STORE_CONFIRM_MARK_H

#include <stddef.h>

#include "agent/model/principal.h"
#include "lib/sha256.h"
#include "lib/wallclock.h"

#define CONFIRM_BY_MAX   (PRINCIPAL_NAME_MAX + 80)
#define CONFIRM_FILE_MAX 4096
#define CONFIRM_MARK_MAX (CONFIRM_FILE_MAX + CONFIRM_BY_MAX + 256)

enum confirm_state { CONFIRM_NONE, CONFIRM_UNCONFIRMED, CONFIRM_ROLLED_BACK };

struct confirm_mark {
	enum confirm_state state;
	char sha256[SHA256_TEXT_MAX];
	char at[DATE_TEXT_MAX];
	char by[CONFIRM_BY_MAX];
	char file[CONFIRM_FILE_MAX];
};

/* "" for CONFIRM_NONE. Control characters in `by` become "?". -EINVAL: the name of the file does
 * not fit into a line. */
int confirm_mark_format(const struct confirm_mark *mark, char *buf, size_t size);
/* -EINVAL: not such a file. */
int confirm_mark_parse(const char *text, struct confirm_mark *ret);

#endif
