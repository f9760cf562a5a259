/* SPDX-License-Identifier: MIT */
#ifndef NAT_CAPS_H
#define NAT_CAPS_H

#include "lib/err.h"

/* For a back end that the kernel answered with EPERM: returns -EPERM and says which of
 * CAP_NET_ADMIN and (`needs_raw`) CAP_NET_RAW this process lacks, and how to get it. */
int nat_caps_explain(const char *backend, int needs_raw, struct err *err);

#endif
