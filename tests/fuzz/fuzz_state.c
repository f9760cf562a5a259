/* SPDX-License-Identifier: MIT */
/* Contents of a state file: an entry that is read must be written back unchanged. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/state_encode.h"
#include "agent/store/state_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char *append(char *file, char *line)
{
	char *both;
	if (asprintf(&both, "%s%s", file ? file : "", line) < 0)
		abort();
	free(file);
	free(line);
	return both;
}

static char *encode(const struct state_contents *c)
{
	char *file = append(NULL, state_encode_head(&c->place));
	for (size_t i = 0; i < c->n_apps; i++)
		file = append(file, state_encode_app(&c->apps[i].spec, c->apps[i].lease_until));
	for (size_t i = 0; i < c->n_drains; i++)
		file = append(file, state_encode_drain(c->drains[i].name, c->drains[i].since,
						       c->drains[i].until, c->drains[i].reason));
	for (size_t i = 0; i < c->n_vips; i++)
		file = append(file, state_encode_vip(&c->vips[i].prefix, c->vips[i].ifname,
						     c->vips[i].label));
	for (size_t i = 0; i < c->n_promotions; i++)
		file = append(file, state_encode_promotion(c->promotions[i].name,
							   c->promotions[i].sha256));
	if (c->roll)
		file = append(file, state_encode_roll(c->roll));
	return append(file, state_encode_end(c->n_apps + c->n_drains + c->n_vips + c->n_promotions +
					     (c->roll != NULL)));
}

static void compare_rolls(const struct roll *a, const struct roll *b)
{
	char *texts[] = { state_encode_roll(a), state_encode_roll(b) };
	if (strcmp(texts[0], texts[1]) != 0 || a->begun != b->begun || a->since != b->since ||
	    a->exit_status != b->exit_status || a->phase != b->phase)
		abort();
	free(texts[0]);
	free(texts[1]);
}

static void compare(const struct state_contents *a, const struct state_contents *b)
{
	if (a->n_apps != b->n_apps || a->n_drains != b->n_drains || a->n_vips != b->n_vips ||
	    a->n_promotions != b->n_promotions || !a->roll != !b->roll || b->n_refused > 0)
		abort();
	for (size_t i = 0; i < a->n_promotions; i++)
		if (strcmp(a->promotions[i].name, b->promotions[i].name) != 0 ||
		    strcmp(a->promotions[i].sha256, b->promotions[i].sha256) != 0)
			abort();
	if (a->roll)
		compare_rolls(a->roll, b->roll);
	for (size_t i = 0; i < a->n_apps; i++)
		if (!app_spec_equal(&a->apps[i].spec, &b->apps[i].spec) ||
		    a->apps[i].spec.lease != b->apps[i].spec.lease ||
		    a->apps[i].lease_until != b->apps[i].lease_until)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct state_contents c = { 0 }, again = { 0 };
	struct err err = { "" };
	if (state_decode((const char *)data, len, &c, &err) < 0) {
		if (!err.text[0] || c.n_apps > 0)
			abort();
		return 0;
	}
	char *file = encode(&c);
	if (state_decode(file, strlen(file), &again, &err) < 0)
		abort();
	compare(&c, &again);
	free(file);
	state_contents_done(&c);
	state_contents_done(&again);
	return 0;
}
