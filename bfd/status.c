/* SPDX-License-Identifier: MIT */
#include "bfd/status.h"

#include <stdio.h>

#include "lib/array.h"
#include "lib/str.h"

static const char *const states[] = {
	[BFD_ADMIN_DOWN] = "admin-down",
	[BFD_DOWN] = "down",
	[BFD_INIT] = "init",
	[BFD_UP] = "up",
};

const char *bfd_state_name(enum bfd_state state)
{
	return states[state];
}

static const char *const diags[] = {
	[BFD_DIAG_NONE] = "none",
	[BFD_DIAG_EXPIRED] = "detection-time-expired",
	[BFD_DIAG_ECHO_FAILED] = "echo-failed",
	[BFD_DIAG_NEIGHBOR_SIGNALED] = "neighbor-signaled-down",
	[BFD_DIAG_FORWARDING_RESET] = "forwarding-plane-reset",
	[BFD_DIAG_PATH_DOWN] = "path-down",
	[BFD_DIAG_CONCATENATED_DOWN] = "concatenated-path-down",
	[BFD_DIAG_ADMIN_DOWN] = "admin-down",
	[BFD_DIAG_REVERSE_CONCATENATED] = "reverse-concatenated-path-down",
};

const char *bfd_diag_name(enum bfd_diag diag)
{
	return (size_t)diag < ARRAY_SIZE(diags) ? diags[diag] : "unknown";
}

static const char *const drops[BFD_DROP_N] = {
	[BFD_DROP_VERSION] = "version",
	[BFD_DROP_LENGTH] = "length",
	[BFD_DROP_MULTIPLIER] = "multiplier",
	[BFD_DROP_MULTIPOINT] = "multipoint",
	[BFD_DROP_MY_DISCR] = "my-discriminator",
	[BFD_DROP_YOUR_DISCR] = "your-discriminator",
	[BFD_DROP_NO_SESSION] = "no-session",
	[BFD_DROP_TTL] = "ttl",
	[BFD_DROP_SOURCE] = "source",
	[BFD_DROP_AUTH] = "authentication",
	[BFD_DROP_ADMIN_DOWN] = "admin-down",
};

const char *bfd_drop_name(enum bfd_drop drop)
{
	return drops[drop];
}

const char *bfd_status_why(const struct bfd_status *s, char buf[static BFD_WHY_MAX])
{
	char text[DURATION_TEXT_MAX];
	const struct bfd_down *down = &s->down;
	if (s->down_events == 0)
		buf[0] = 0;
	else if (down->diag == BFD_DIAG_EXPIRED)
		snprintf(buf, BFD_WHY_MAX, "no packet for %s (control detection time expired)",
			 duration_format(down->silence, text));
	else if (down->diag == BFD_DIAG_NONE)
		snprintf(buf, BFD_WHY_MAX, "the process that runs BFD has ended");
	else if (down->diag != BFD_DIAG_NEIGHBOR_SIGNALED)
		snprintf(buf, BFD_WHY_MAX, "%s", bfd_diag_name(down->diag));
	else if (down->remote_state == BFD_ADMIN_DOWN)
		snprintf(buf, BFD_WHY_MAX, "administratively down at the neighbor");
	else
		snprintf(buf, BFD_WHY_MAX, "signalled down by the neighbor (its diagnostic: %s)",
			 bfd_diag_name(down->remote_diag));
	return buf;
}
