/* SPDX-License-Identifier: MIT */
/* Reports of BFD about the path to a peer (RFC 5882, RFC 9384), between two speakers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/speaker.h"
#include "bgp/wire.h"
#include "lib/mem.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/two_speakers.h"

#define WHY "BFD down: nothing received for 900ms"

static bool both_up(void *userdata)
{
	struct bed *b = userdata;
	return b->host.up && b->router.up;
}

static bool router_heard(void *userdata)
{
	return ((struct bed *)userdata)->router.last_error[0] != 0;
}

static bool second_session(void *userdata)
{
	struct bed *b = userdata;
	return b->host.up && status_of(&b->host).sessions == 2;
}

static void be_graceful(struct side *s)
{
	s->peers[0].graceful_restart = true;
	s->peers[0].restart_time = 600 * USEC_PER_SEC;
}

static void require_bfd(struct side *s)
{
	s->peers[0].bfd = (struct bgp_bfd_config){ .on = true, .required = true };
}

static void path_down_ends_the_session_in_this_turn(void **state)
{
	struct bed *b = *state;
	start_both(b);
	loop_until(b->loop, both_up, b);
	bgp_speaker_path_down(b->host.speaker, 0, WHY);
	struct bgp_peer_status s = status_of(&b->host);
	assert_true(s.state < BGP_ESTABLISHED);
	assert_string_equal(s.last_error, WHY);
	assert_int_equal(s.notice.subcode, BGP_ERR_CEASE_BFD_DOWN);
	assert_false(b->host.up);
	loop_until(b->loop, router_heard, b);
	assert_string_equal(b->router.last_error, "received NOTIFICATION Cease/BFD Down");
	assert_non_null(strstr(status_of(&b->router).hint, "BFD"));
	loop_until(b->loop, second_session, b); /* without waiting for BFD */
}

/* RFC 8538: a peer that would keep the routes is to drop them. */
static void path_down_is_a_hard_reset_where_that_is_negotiated(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	start_both(b);
	loop_until(b->loop, both_up, b);
	bgp_speaker_path_down(b->host.speaker, 0, WHY);
	loop_until(b->loop, router_heard, b);
	assert_string_equal(b->router.last_error,
			    "received NOTIFICATION Cease/Hard Reset: Cease/BFD Down");
}

static void path_down_without_a_session_changes_nothing(void **state)
{
	struct bed *b = *state;
	start(b, &b->host);
	bgp_speaker_path_down(b->host.speaker, 0, WHY);
	assert_string_equal(status_of(&b->host).last_error, "");
	start(b, &b->router);
	loop_until(b->loop, both_up, b);
}

static void required_waits_for_the_path(void **state)
{
	struct bed *b = *state;
	require_bfd(&b->host);
	start_both(b);
	loop_drain(b->loop);
	struct bgp_peer_status s = status_of(&b->host);
	assert_true(s.awaits_path);
	assert_int_equal(s.state, BGP_IDLE);
	assert_int_equal(s.retry_at, USEC_NEVER);
	assert_non_null(strstr(s.hint, "bfd.required"));
	bgp_speaker_path_up(b->host.speaker, 0);
	loop_until(b->loop, both_up, b);
	assert_string_equal(status_of(&b->host).hint, "");
}

static void required_waits_again_after_the_path_went_down(void **state)
{
	struct bed *b = *state;
	require_bfd(&b->host);
	start_both(b);
	bgp_speaker_path_up(b->host.speaker, 0);
	loop_until(b->loop, both_up, b);
	bgp_speaker_path_down(b->host.speaker, 0, WHY);
	struct bgp_peer_status s = status_of(&b->host);
	assert_true(s.awaits_path);
	assert_string_equal(s.last_error, WHY);
	assert_int_equal(s.state, BGP_IDLE);
	assert_int_equal(s.retry_at, USEC_NEVER);
	bgp_speaker_path_up(b->host.speaker, 0);
	loop_until(b->loop, second_session, b);
}

static void a_session_goes_on_when_the_path_is_unknown(void **state)
{
	struct bed *b = *state;
	require_bfd(&b->host);
	start_both(b);
	bgp_speaker_path_up(b->host.speaker, 0);
	loop_until(b->loop, both_up, b);
	bgp_speaker_path_unknown(b->host.speaker, 0);
	assert_int_equal(status_of(&b->host).state, BGP_ESTABLISHED);
	bgp_speaker_free(b->router.speaker);
	b->router.speaker = NULL;
	while (b->host.up)
		sd_event_run(b->loop, UINT64_MAX);
	assert_true(status_of(&b->host).awaits_path);
	assert_int_equal(status_of(&b->host).retry_at, USEC_NEVER);
}

static bool router_was_rejected(void *userdata)
{
	struct bed *b = userdata;
	return strstr(b->router.last_error, "Connection Rejected") != NULL;
}

static void required_accepts_nothing_before_the_path_is_up(void **state)
{
	struct bed *b = *state;
	require_bfd(&b->host);
	b->host.config.listen = true;
	b->host.peers[0].passive = true;
	b->router.peers[0].passive = false;
	start_both(b);
	loop_until(b->loop, router_was_rejected, b);
	assert_int_equal(status_of(&b->host).sessions, 0);
	bgp_speaker_path_up(b->host.speaker, 0);
	loop_until(b->loop, both_up, b);
	bgp_speaker_path_down(b->host.speaker, 0, WHY);
	b->router.last_error[0] = 0;
	loop_until(b->loop, router_was_rejected, b);
	assert_int_equal(status_of(&b->host).sessions, 1);
}

static void change_bfd(struct side *s, bool required)
{
	struct err err = { "" };
	s->peers[0].bfd = (struct bgp_bfd_config){ .on = true, .required = required };
	assert_int_equal(bgp_speaker_change(s->speaker, &s->config, &err), 0);
}

static void bfd_is_changed_without_a_reset(void **state)
{
	struct bed *b = *state;
	start_both(b);
	loop_until(b->loop, both_up, b);
	change_bfd(&b->host, true);
	assert_int_equal(status_of(&b->host).state, BGP_ESTABLISHED);
	change_bfd(&b->host, false);
	assert_int_equal(status_of(&b->host).state, BGP_ESTABLISHED);
	assert_int_equal(status_of(&b->host).sessions, 1);
}

static void a_peer_that_no_longer_has_to_wait_connects(void **state)
{
	struct bed *b = *state;
	require_bfd(&b->host);
	start_both(b);
	change_bfd(&b->host, false);
	loop_until(b->loop, both_up, b);
	bgp_speaker_path_down(b->host.speaker, 0, WHY);
	change_bfd(&b->host, true); /* an attempt was due */
	assert_int_equal(status_of(&b->host).state, BGP_IDLE);
	assert_int_equal(status_of(&b->host).retry_at, USEC_NEVER);
}

#define SPEAKER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	own_netns_enter();
	const struct CMUnitTest tests[] = {
		SPEAKER_TEST(path_down_ends_the_session_in_this_turn),
		SPEAKER_TEST(path_down_is_a_hard_reset_where_that_is_negotiated),
		SPEAKER_TEST(path_down_without_a_session_changes_nothing),
		SPEAKER_TEST(required_waits_for_the_path),
		SPEAKER_TEST(required_waits_again_after_the_path_went_down),
		SPEAKER_TEST(a_session_goes_on_when_the_path_is_unknown),
		SPEAKER_TEST(required_accepts_nothing_before_the_path_is_up),
		SPEAKER_TEST(bfd_is_changed_without_a_reset),
		SPEAKER_TEST(a_peer_that_no_longer_has_to_wait_connects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
