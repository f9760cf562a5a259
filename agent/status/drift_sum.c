/* SPDX-License-Identifier: MIT */
#include "agent/status/drift_sum.h"

static struct drift_record of_sessions(const struct bgp_speaker *speaker)
{
	struct drift_record sum = { 0 };
	struct bgp_peer_status p;
	for (size_t i = 0; i < bgp_speaker_n_peers(speaker); i++) {
		bgp_speaker_peer_status(speaker, i, &p);
		sum.repairs += p.path_resets;
		if (p.path_reset_at > sum.at)
			sum.at = p.path_reset_at;
	}
	return sum;
}

void drift_sum(const struct status_sources *in, struct drift *ret)
{
	struct vip_counts counts = reconcile_counts(in->reconcile);
	struct nat_status nat = nat_status(in->nat);
	*ret = (struct drift){ 0 };
	ret->of[DRIFT_ADDRESS] = (struct drift_record){ counts.put_back, counts.lost_at };
	ret->of[DRIFT_LO] = actuator_lo_drift(in->actuator);
	ret->of[DRIFT_NAT_RULE] = (struct drift_record){ nat.put_back, nat.put_back_at };
	host_changes_drift(in->host_changes, &ret->of[DRIFT_NAT_ADDRESS]);
	ret->of[DRIFT_SESSION] = of_sessions(in->speaker);
}
