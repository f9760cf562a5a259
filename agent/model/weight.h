/* SPDX-License-Identifier: MIT */
/* Weights of routes (link bandwidth) as text. Pure. */
#ifndef AGENT_MODEL_WEIGHT_H
#define AGENT_MODEL_WEIGHT_H

#include <stdint.h>

#include "lib/err.h"

/* A number, which is octets per second, or with a unit "1Gbps", "2.5Mbps", "64kbps", "9600bps",
 * "1Tbps": bits per second. *ret are the bits of the nearest IEEE 754 float, as in the extended
 * community. */
int weight_parse(const char *text, uint32_t *ret, struct err *err);
#define WEIGHT_TEXT_MAX 24
/* The number without a unit; weight_parse() makes the same of it. */
const char *weight_format(uint32_t weight, char buf[static WEIGHT_TEXT_MAX]);
double weight_octets(uint32_t weight);

#endif
