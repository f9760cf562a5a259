/* SPDX-License-Identifier: MIT */
#include "agent/model/weight.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/str.h"

_Static_assert(sizeof(float) == sizeof(uint32_t), "IEEE 754");

#define OCTETS_MIN 1.0
#define OCTETS_MAX 1e18
#define DIGITS_MAX 19

static const struct {
	const char *name;
	double octets;
} units[] = {
	{ "", 1 },           { "bps", 1 / 8.0 },  { "kbps", 1e3 / 8 },
	{ "Mbps", 1e6 / 8 }, { "Gbps", 1e9 / 8 }, { "Tbps", 1e12 / 8 },
};

/* Digits, perhaps with a point among them. Returns what follows; NULL: it is not a number. */
static const char *parse_number(const char *text, double *ret)
{
	double value = 0, place = 1;
	size_t n = 0;
	bool fraction = false;
	for (; (*text >= '0' && *text <= '9') || (*text == '.' && !fraction && n > 0); text++) {
		if (*text == '.') {
			fraction = true;
			continue;
		}
		value = value * 10 + (*text - '0');
		place *= fraction ? 10 : 1;
		if (++n > DIGITS_MAX)
			return NULL;
	}
	*ret = value / place;
	return n > 0 && text[-1] != '.' ? text : NULL;
}

int weight_parse(const char *text, uint32_t *ret, struct err *err)
{
	double value = 0;
	const char *unit = parse_number(text, &value);
	size_t i = 0;
	while (unit && i < ARRAY_SIZE(units) && !str_equal(unit, units[i].name))
		i++;
	if (!unit || i == ARRAY_SIZE(units))
		return err_set(
			err, -EINVAL,
			"'%.80s' is not a weight, expected a number, or bits per second like "
			"1Gbps, 2.5Gbps or 100Mbps",
			text);
	value *= units[i].octets;
	if (!(value >= OCTETS_MIN && value <= OCTETS_MAX))
		return err_set(
			err, -EINVAL,
			"'%.80s' is out of range, expected a weight of 1 (8bps) to 10^18; to "
			"get no traffic, drain the app",
			text);
	float octets = (float)value;
	memcpy(ret, &octets, sizeof(octets));
	return 0;
}

double weight_octets(uint32_t weight)
{
	float octets;
	memcpy(&octets, &weight, sizeof(octets));
	return octets;
}

const char *weight_format(uint32_t weight, char buf[static WEIGHT_TEXT_MAX])
{
	double octets = weight_octets(weight);
	if (octets < 1e9) { /* also a fraction, in full */
		snprintf(buf, WEIGHT_TEXT_MAX, "%.9f", octets);
		size_t n = strlen(buf);
		while (buf[n - 1] == '0')
			buf[--n] = 0;
		if (buf[n - 1] == '.')
			buf[n - 1] = 0;
	} else {
		snprintf(buf, WEIGHT_TEXT_MAX, "%.0f", octets);
	}
	return buf;
}
