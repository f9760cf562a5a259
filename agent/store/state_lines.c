/* SPDX-License-Identifier: MIT */
#include "agent/store/state_lines.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/define.h"
#include "agent/config/show.h"
#include "agent/model/principal.h"
#include "agent/model/register_params.h"
#include "bgp/wire.h"
#include "lib/mem.h"
#include "lib/str.h"

/* Exact in every JSON implementation, and 285,000 years. */
#define MSEC_MAX ((json_int_t)1 << 53)

/* All of these: 0, or -EBADMSG with a text. */

static int unpack_failed(const json_error_t *error, struct err *err)
{
	char text[160];
	return err_set(err, -EBADMSG, "%s",
		       str_printable(text, sizeof(text), error->text, strlen(error->text)));
}

static int read_msec(const json_t *value, const char *key, bool may_be_null, wall_t *ret,
		     struct err *err)
{
	if (may_be_null && json_is_null(value)) {
		*ret = USEC_NEVER;
		return 0;
	}
	json_int_t msec = json_integer_value(value);
	if (!json_is_integer(value) || msec < 0 || msec > MSEC_MAX)
		return err_set(err, -EBADMSG, "'%s' is not a valid time", key);
	*ret = (uint64_t)msec * USEC_PER_MSEC;
	return 0;
}

static int read_head(json_t *line, struct state_contents *c, struct err *err)
{
	json_error_t error;
	int version = 0;
	const char *boot, *netns;
	const json_t *value = json_object_get(line, "vipherald_state");
	if (!json_is_integer(value))
		return err_set(err, -EBADMSG, "it does not begin with 'vipherald_state'");
	if (json_integer_value(value) != STATE_VERSION)
		return err_set(err, -EPROTONOSUPPORT,
			       "it is of version %lld, this vipherald reads version %d",
			       (long long)json_integer_value(value), STATE_VERSION);
	if (json_unpack_ex(line, &error, 0, "{s:i, s:s, s:s !}", "vipherald_state", &version,
			   "boot", &boot, "netns", &netns) < 0)
		return unpack_failed(&error, err);
	if (str_copy(c->place.boot, STATE_ID_MAX, boot) < 0 ||
	    str_copy(c->place.netns, STATE_ID_MAX, netns) < 0)
		return err_set(err, -EBADMSG, "'boot' or 'netns' is too long");
	return 0;
}

static void refuse(struct state_contents *c, const char *name, const struct err *why)
{
	char *text;
	if (asprintf(&text, "app '%s': %s", name ? name : "", why->text) < 0)
		abort();
	c->refused = mem_grow(c->refused, &c->cap_refused, c->n_refused + 1, sizeof(char *));
	c->refused[c->n_refused++] = text;
}

/* NULL: not hexadecimal, or with a NUL in it. Free it. */
static char *from_hex(const char *hex)
{
	size_t len = strlen(hex) / 2;
	unsigned octet = 0;
	char *text = mem_new(len + 1, 1);
	bool ok = strlen(hex) % 2 == 0 && strspn(hex, "0123456789abcdef") == strlen(hex);
	for (size_t i = 0; ok && i < len; i++) {
		ok = sscanf(hex + 2 * i, "%2x", &octet) == 1 && octet != 0;
		text[i] = (char)octet;
	}
	if (!ok)
		mem_free(&text);
	return text;
}

/* NULL: not a text. Free it. */
static char *read_text(const json_t *value)
{
	if (json_is_string(value))
		return mem_strdup(json_string_value(value));
	const json_t *hex = json_object_get(value, "hex");
	return json_is_string(hex) ? from_hex(json_string_value(hex)) : NULL;
}

static int read_pair(const json_t *pair, struct app_spec *spec, struct err *err)
{
	const char *name = json_string_value(json_array_get(pair, 0));
	char *value = read_text(json_array_get(pair, 1));
	int rc = json_array_size(pair) == 2 && name && value
			 ? register_param_add(spec, name, value, err)
			 : err_set(err, -EBADMSG, "'register' is not a list of pairs of texts");
	free(value);
	return rc;
}

/* -EBADMSG as above; -EINVAL when /register would refuse it. */
static int read_pairs(const json_t *pairs, struct app_spec *spec, struct err *err)
{
	int rc = 0;
	if (!json_is_array(pairs))
		return err_set(err, -EBADMSG, "'register' is not a list");
	for (size_t i = 0; rc == 0 && i < json_array_size(pairs); i++)
		rc = read_pair(json_array_get(pairs, i), spec, err);
	return rc < 0 ? rc : register_params_check(spec, err);
}

static int read_app(json_t *line, struct state_contents *c, struct err *err)
{
	json_error_t error;
	const json_t *pairs, *until;
	int local, admin = false;
	const char *by = NULL; /* missing where `local` says it */
	struct state_app app = { .spec.source = APP_FROM_HTTP };
	if (json_unpack_ex(line, &error, 0, "{s:o, s:b, s:o, s?s, s?b !}", "register", &pairs,
			   "local", &local, "lease_until_ms", &until, "by", &by, "admin",
			   &admin) < 0)
		return unpack_failed(&error, err);
	app.spec.local = local;
	app.spec.admin = admin;
	app.spec.by = mem_strdup(by ? by : principal_unproved(local));
	int rc = read_msec(until, "lease_until_ms", true, &app.lease_until, err);
	if (rc == 0)
		rc = read_pairs(pairs, &app.spec, err);
	if (rc == 0 && (app.lease_until == USEC_NEVER) != (app.spec.lease == 0))
		rc = err_set(err, -EBADMSG, "a lease has both 'ttl' and 'lease_until_ms'");
	if (rc < 0) {
		if (rc == -EINVAL)
			refuse(c, app.spec.name, err);
		app_spec_done(&app.spec);
		return rc == -EINVAL ? 0 : rc;
	}
	c->apps = mem_grow(c->apps, &c->cap_apps, c->n_apps + 1, sizeof(app));
	c->apps[c->n_apps++] = app;
	return 0;
}

/* -EINVAL when PUT /v1/apps/NAME would refuse it. */
static int read_definition(const json_t *definition, struct app_spec *ret, struct err *err)
{
	struct config_findings findings = { 0 };
	int rc = config_define_app(definition, NULL, ret, &findings);
	if (rc < 0)
		err_set(err, rc, "%s: %s", findings.items[0].path, findings.items[0].text);
	config_findings_done(&findings);
	return rc;
}

static int read_defined(json_t *line, struct state_contents *c, struct err *err)
{
	json_error_t error;
	const json_t *definition;
	int local, admin = false;
	const char *by = NULL;
	struct state_app app = { .lease_until = USEC_NEVER };
	if (json_unpack_ex(line, &error, 0, "{s:o, s:b, s?s, s?b !}", "define", &definition,
			   "local", &local, "by", &by, "admin", &admin) < 0)
		return unpack_failed(&error, err);
	if (read_definition(definition, &app.spec, err) < 0) {
		refuse(c, json_string_value(json_object_get(definition, "name")), err);
		return 0;
	}
	app.spec.source = APP_FROM_HTTP;
	app.spec.local = local;
	app.spec.admin = admin;
	app.spec.by = mem_strdup(by ? by : principal_unproved(local));
	c->apps = mem_grow(c->apps, &c->cap_apps, c->n_apps + 1, sizeof(app));
	c->apps[c->n_apps++] = app;
	return 0;
}

static int read_drain(json_t *line, struct state_contents *c, struct err *err)
{
	json_error_t error;
	const json_t *name, *since, *until;
	const char *reason;
	struct state_drain d = { 0 };
	if (json_unpack_ex(line, &error, 0, "{s:o, s:o, s:o, s:s !}", "drain", &name, "since_ms",
			   &since, "until_ms", &until, "reason", &reason) < 0)
		return unpack_failed(&error, err);
	if (!json_is_null(name) && !json_is_string(name))
		return err_set(err, -EBADMSG, "'drain' is neither a name nor null");
	int rc = read_msec(since, "since_ms", false, &d.since, err);
	if (rc == 0)
		rc = read_msec(until, "until_ms", true, &d.until, err);
	if (rc < 0)
		return rc;
	d.name = json_is_string(name) ? mem_strdup(json_string_value(name)) : NULL;
	d.reason = mem_strdup(reason);
	c->drains = mem_grow(c->drains, &c->cap_drains, c->n_drains + 1, sizeof(d));
	c->drains[c->n_drains++] = d;
	return 0;
}

static int read_promotion(json_t *line, struct state_contents *c, struct err *err)
{
	json_error_t error;
	const char *name, *sha256;
	struct state_promotion p = { 0 };
	if (json_unpack_ex(line, &error, 0, "{s:s, s:s !}", "promoted", &name, "sha256", &sha256) <
	    0)
		return unpack_failed(&error, err);
	if (strlen(sha256) != SHA256_TEXT_MAX - 1 ||
	    strspn(sha256, "0123456789abcdef") != SHA256_TEXT_MAX - 1)
		return err_set(err, -EBADMSG, "'sha256' is not 64 hexadecimal digits");
	str_copy(p.sha256, sizeof(p.sha256), sha256);
	p.name = mem_strdup(name);
	c->promotions = mem_grow(c->promotions, &c->cap_promotions, c->n_promotions + 1, sizeof(p));
	c->promotions[c->n_promotions++] = p;
	return 0;
}

static int read_vip(json_t *line, struct state_contents *c, struct err *err)
{
	json_error_t error;
	const char *vip, *label, *ifname = STATE_LO;
	struct state_vip v = { .label = "" };
	if (json_unpack_ex(line, &error, 0, "{s:s, s:s, s?s !}", "vip", &vip, "label", &label,
			   "interface", &ifname) < 0)
		return unpack_failed(&error, err);
	if (prefix_parse(vip, &v.prefix, err) < 0)
		return -EBADMSG;
	if (str_copy(v.label, sizeof(v.label), label) < 0)
		return err_set(err, -EBADMSG, "'label' is too long");
	if (!*ifname || str_copy(v.ifname, sizeof(v.ifname), ifname) < 0)
		return err_set(err, -EBADMSG, "'interface' is empty or too long");
	c->vips = mem_grow(c->vips, &c->cap_vips, c->n_vips + 1, sizeof(v));
	c->vips[c->n_vips++] = v;
	return 0;
}

static int read_peer_id(const char *name, int port, struct peer_id *ret, struct err *err)
{
	if (port < 1 || port > UINT16_MAX)
		return err_set(err, -EBADMSG, "'port' is %d, expected 1 to 65535", port);
	return peer_id_parse(name, (uint16_t)port, ret, err) < 0 ? -EBADMSG : 0;
}

static int read_disabled(json_t *line, struct state_contents *c, struct err *err)
{
	json_error_t error;
	const json_t *since;
	const char *name, *text, *by;
	struct peer_id id;
	wall_t at = 0;
	int port;
	if (json_unpack_ex(line, &error, 0, "{s:s, s:i, s:o, s:s, s:s !}", "peer_disabled", &name,
			   "port", &port, "since_ms", &since, "text", &text, "by", &by) < 0)
		return unpack_failed(&error, err);
	if (strlen(text) > BGP_SHUTDOWN_TEXT_MAX)
		return err_set(err, -EBADMSG, "'text' is longer than %d octets",
			       BGP_SHUTDOWN_TEXT_MAX);
	int rc = read_peer_id(name, port, &id, err);
	if (rc == 0)
		rc = read_msec(since, "since_ms", false, &at, err);
	if (rc == 0)
		peer_orders_disable(&c->peers, &id, text, at, by);
	return rc;
}

static int read_added(json_t *line, struct state_contents *c, struct err *err)
{
	json_error_t error;
	json_t *definition;
	const json_t *since;
	const char *name, *by;
	struct peer_id id;
	wall_t at = 0;
	int port;
	if (json_unpack_ex(line, &error, 0, "{s:o, s:s, s:i, s:o, s:s !}", "peer_added",
			   &definition, "peer", &name, "port", &port, "since_ms", &since, "by",
			   &by) < 0)
		return unpack_failed(&error, err);
	if (!json_is_object(definition))
		return err_set(err, -EBADMSG, "'peer_added' is not an object");
	int rc = read_peer_id(name, port, &id, err);
	if (rc == 0)
		rc = read_msec(since, "since_ms", false, &at, err);
	if (rc < 0)
		return rc;
	char *text = json_dumps(definition, 0);
	peer_orders_add(&c->peers, &id, text, at, by);
	free(text);
	return 0;
}

static int read_roll_apps(const json_t *list, struct roll *r, struct err *err)
{
	if (json_array_size(list) == 0 || json_array_size(list) > ROLL_APPS_MAX)
		return err_set(err, -EBADMSG, "'apps' is not a list of 1 to %d names",
			       ROLL_APPS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		char *name = read_text(json_array_get(list, i));
		if (!name)
			return err_set(err, -EBADMSG, "'apps' has an entry that is not a name");
		r->apps[r->n_apps++] = name;
	}
	return 0;
}

static int read_roll_vips(const json_t *list, struct roll *r, struct err *err)
{
	if (json_array_size(list) == 0 || json_array_size(list) > FLEET_VIPS_MAX)
		return err_set(err, -EBADMSG, "'vips' is not a list of 1 to %d VIPs",
			       FLEET_VIPS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *vip = json_string_value(json_array_get(list, i));
		if (!vip || prefix_parse(vip, &r->vips[r->n_vips++], err) < 0)
			return err_set(err, -EBADMSG, "'vips' has an entry that is not a VIP");
	}
	return 0;
}

static int read_roll_values(json_t *o, struct roll *r, struct err *err)
{
	json_error_t error;
	const json_t *apps, *vips, *begun;
	json_int_t limit, quiet;
	const char *id, *why, *by, *phase;
	if (json_unpack_ex(o, &error, 0, "{s:s, s:o, s:o, s:I, s:I, s:s, s:s, s:s, s:i, s:o !}",
			   "id", &id, "apps", &apps, "vips", &vips, "slots", &limit, "quiet",
			   &quiet, "why", &why, "by", &by, "phase", &phase, "exit_status",
			   &r->exit_status, "begun_ms", &begun) < 0)
		return unpack_failed(&error, err);
	if (!*id || str_copy(r->id, sizeof(r->id), id) < 0 ||
	    str_copy(r->why, sizeof(r->why), why) < 0 || str_copy(r->by, sizeof(r->by), by) < 0)
		return err_set(err, -EBADMSG, "'id', 'why' or 'by' is too long, or there is none");
	if (limit < 1 || limit > FLEET_SLOTS_MAX || quiet < 0 || quiet > UINT32_MAX)
		return err_set(err, -EBADMSG, "'slots' or 'quiet' is out of range");
	if (!roll_phase_parse(phase, &r->phase))
		return err_set(err, -EBADMSG, "'phase' is not a phase of rolling work");
	r->limit = (uint32_t)limit;
	r->quiet = (uint32_t)quiet;
	int rc = read_msec(begun, "begun_ms", false, &r->begun, err);
	if (rc == 0)
		rc = read_roll_apps(apps, r, err);
	return rc < 0 ? rc : read_roll_vips(vips, r, err);
}

static int read_roll(json_t *line, struct state_contents *c, struct err *err)
{
	json_error_t error;
	json_t *values;
	const json_t *since;
	const char *boot;
	if (json_unpack_ex(line, &error, 0, "{s:o, s:s, s:o !}", "roll", &values, "boot", &boot,
			   "since_ms", &since) < 0)
		return unpack_failed(&error, err);
	if (c->roll)
		return err_set(err, -EBADMSG, "duplicate 'roll'");
	c->roll = mem_new(1, sizeof(*c->roll));
	if (str_copy(c->roll->boot, sizeof(c->roll->boot), boot) < 0)
		return err_set(err, -EBADMSG, "'boot' is too long");
	int rc = read_msec(since, "since_ms", false, &c->roll->since, err);
	return rc < 0 ? rc : read_roll_values(values, c->roll, err);
}

static int read_line(json_t *line, struct state_contents *c, struct err *err)
{
	if (json_object_get(line, "peer_disabled"))
		return read_disabled(line, c, err);
	if (json_object_get(line, "peer_added"))
		return read_added(line, c, err);
	if (json_object_get(line, "register"))
		return read_app(line, c, err);
	if (json_object_get(line, "define"))
		return read_defined(line, c, err);
	if (json_object_get(line, "drain"))
		return read_drain(line, c, err);
	if (json_object_get(line, "promoted"))
		return read_promotion(line, c, err);
	if (json_object_get(line, "vip"))
		return read_vip(line, c, err);
	if (json_object_get(line, "roll"))
		return read_roll(line, c, err);
	return err_set(err, -EBADMSG, "record unknown to this version of vipherald");
}

/* True for the last line, which says how many were between it and the first. */
static bool is_end(const json_t *line, size_t n_before)
{
	const json_t *end = json_object_get(line, "end");
	return json_object_size(line) == 1 && json_is_integer(end) &&
	       json_integer_value(end) == (json_int_t)n_before;
}

static int load_line(const char *text, size_t len, json_t **ret, struct err *err)
{
	json_error_t error;
	*ret = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	return *ret ? 0 : unpack_failed(&error, err);
}

/* *ret_ended: it was the last line. */
static int decode_line(size_t number, json_t *line, struct state_contents *c, bool *ret_ended,
		       struct err *err)
{
	if (number == 1)
		return read_head(line, c, err);
	*ret_ended = is_end(line, number - 2);
	return *ret_ended ? 0 : read_line(line, c, err);
}

int state_decode(const char *text, size_t len, struct state_contents *ret, struct err *err)
{
	struct state_contents c = { 0 };
	bool ended = false;
	int rc = 0;
	size_t number = 0;
	const char *end = text + len;
	while (rc == 0 && text < end && !ended) {
		json_t *line = NULL;
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		stop = stop ? stop : end;
		number++;
		rc = load_line(text, (size_t)(stop - text), &line, err);
		if (rc == 0)
			rc = decode_line(number, line, &c, &ended, err);
		if (rc < 0)
			err_prefix(err, rc, "line %zu: ", number);
		json_decref(line);
		text = stop < end ? stop + 1 : end;
	}
	if (rc == 0 && !ended)
		rc = err_set(err, -EBADMSG, "truncated");
	if (rc == 0 && text < end)
		rc = err_set(err, -EBADMSG, "trailing data");
	if (rc < 0)
		state_contents_done(&c);
	else
		*ret = c;
	return rc;
}

void state_contents_done(struct state_contents *c)
{
	for (size_t i = 0; i < c->n_apps; i++)
		app_spec_done(&c->apps[i].spec);
	for (size_t i = 0; i < c->n_drains; i++) {
		free(c->drains[i].name);
		free(c->drains[i].reason);
	}
	for (size_t i = 0; i < c->n_promotions; i++)
		free(c->promotions[i].name);
	for (size_t i = 0; i < c->n_refused; i++)
		free(c->refused[i]);
	peer_orders_done(&c->peers);
	if (c->roll)
		roll_done(c->roll);
	free(c->roll);
	free(c->apps);
	free(c->drains);
	free(c->promotions);
	free(c->vips);
	free(c->refused);
	*c = (struct state_contents){ 0 };
}
