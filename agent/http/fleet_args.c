/* SPDX-License-Identifier: MIT */
#include "agent/http/fleet_args.h"

#include <errno.h>

#include "lib/str.h"

/* A reply that is awaited longer is asked for again. */
#define WAIT_DEFAULT (20 * USEC_PER_SEC)
#define WAIT_MAX     (60 * USEC_PER_SEC)

static int add_app(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	if (q->n_apps == ROLL_APPS_MAX)
		return err_set(err, -EINVAL, "app: more than %d of them", ROLL_APPS_MAX);
	if (!arg->value || !*arg->value)
		return err_set(err, -EINVAL, "app is empty");
	return api_arg_text(arg, &q->apps[q->n_apps++], err);
}

static int add_vip(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	struct err why;
	if (q->n_vips == FLEET_VIPS_MAX)
		return err_set(err, -EINVAL, "vip: more than %d of them", FLEET_VIPS_MAX);
	if (prefix_parse(arg->value ? arg->value : "", &q->vips[q->n_vips], &why) < 0)
		return err_set(err, -EINVAL, "vip: %.300s", why.text);
	q->n_vips++;
	return 0;
}

static int parse_count(const struct api_arg *arg, uint64_t min, uint64_t max, uint32_t *ret,
		       struct err *err)
{
	uint64_t n;
	const char *value = arg->value ? arg->value : "";
	if (str_to_u64(value, max, &n) < 0 || n < min)
		return err_set(err, -EINVAL, "%s: '%.80s' is not a number from %llu to %llu",
			       arg->name, value, (unsigned long long)min, (unsigned long long)max);
	*ret = (uint32_t)n;
	return 0;
}

static int parse_phase(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	q->has_phase = roll_phase_parse(arg->value ? arg->value : "", &q->phase);
	if (q->has_phase)
		return 0;
	return err_set(err, -EINVAL, "not: '%.80s' is not a phase of rolling work",
		       arg->value ? arg->value : "");
}

static int parse_wait(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	struct err why;
	const char *value = arg->value ? arg->value : "";
	if (duration_parse(value, &q->wait, &why) == 0 && q->wait > 0 && q->wait <= WAIT_MAX)
		return 0;
	return err_set(err, -EINVAL, "wait: '%.80s' is not a duration up to 1m, such as 20s",
		       value);
}

static int parse_result(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	static const char *const names[] = { "done", "failed", "cancelled" };
	const char *value = arg->value ? arg->value : "";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_equal(value, names[i])) {
			q->result = (enum fleet_query_result)i;
			return 0;
		}
	return err_set(err, -EINVAL, "result: '%.80s' is not done, failed or cancelled", value);
}

static int parse_status(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	uint32_t status = 0;
	int rc = parse_count(arg, 0, 255, &status, err);
	q->exit_status = (int)status;
	return rc;
}

static int parse_slots(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	return parse_count(arg, 1, FLEET_SLOTS_MAX, &q->slots, err);
}

static int parse_quiet(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	return parse_count(arg, 1, UINT32_MAX, &q->quiet, err);
}

static int parse_reason(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	return api_arg_text(arg, &q->reason, err);
}

static int parse_id(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	return api_arg_text(arg, &q->id, err);
}

static int parse_node(const struct api_arg *arg, struct fleet_query *q, struct err *err)
{
	return api_arg_text(arg, &q->node, err);
}

typedef int parameter_fn(const struct api_arg *arg, struct fleet_query *q, struct err *err);

static const struct parameter {
	enum api_kind kind;
	const char *name;
	parameter_fn *parse;
} parameters[] = {
	{ API_FLEET_VIPS, "vip", add_vip },
	{ API_ROLL, "id", parse_id },
	{ API_ROLL, "not", parse_phase },
	{ API_ROLL, "wait", parse_wait },
	{ API_ROLL_BEGIN, "app", add_app },
	{ API_ROLL_BEGIN, "vip", add_vip },
	{ API_ROLL_BEGIN, "slots", parse_slots },
	{ API_ROLL_BEGIN, "wait_traffic", parse_quiet },
	{ API_ROLL_BEGIN, "reason", parse_reason },
	{ API_ROLL_FINISH, "id", parse_id },
	{ API_ROLL_FINISH, "result", parse_result },
	{ API_ROLL_FINISH, "status", parse_status },
	{ API_FLEET_RELEASE, "node", parse_node },
	{ API_FLEET_RELEASE, "app", add_app },
	{ API_FLEET_RELEASE, "vip", add_vip },
};
#define N_PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

static int unknown(const char *name, enum api_kind kind, struct err *err)
{
	char buf[160];
	struct strbuf names = strbuf_over(buf, sizeof(buf));
	for (size_t i = 0; i < N_PARAMETERS; i++)
		if (parameters[i].kind == kind)
			strbuf_add(&names, "%s%s", names.len ? ", " : "", parameters[i].name);
	return err_set(err, -EINVAL, "unknown parameter '%.80s', expected one of %s", name, buf);
}

static int parse_one(const struct api_arg *arg, enum api_kind kind, struct fleet_query *q,
		     struct err *err)
{
	for (size_t i = 0; i < N_PARAMETERS; i++)
		if (parameters[i].kind == kind && str_equal(parameters[i].name, arg->name))
			return parameters[i].parse(arg, q, err);
	return unknown(arg->name, kind, err);
}

static int check(const struct fleet_query *q, enum api_kind kind, struct err *err)
{
	if (kind == API_ROLL_BEGIN && q->n_apps + q->n_vips == 0)
		return err_set(err, -EINVAL, "app or vip is missing");
	if (kind == API_ROLL_FINISH && (!q->id || !*q->id))
		return err_set(err, -EINVAL, "id is missing");
	if (kind == API_FLEET_RELEASE && (!q->node || !*q->node))
		return err_set(err, -EINVAL, "node is missing");
	return 0;
}

int fleet_query_parse(const struct api_request *request, enum api_kind kind,
		      struct fleet_query *ret, struct err *err)
{
	int rc = 0;
	*ret = (struct fleet_query){
		.slots = 1, .reason = "", .wait = WAIT_DEFAULT, .exit_status = -1
	};
	for (size_t i = 0; rc == 0 && i < request->n_args; i++)
		rc = parse_one(&request->args[i], kind, ret, err);
	return rc == 0 ? check(ret, kind, err) : rc;
}
