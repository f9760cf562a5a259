/* SPDX-License-Identifier: MIT */
#include "agent/model/drift.h"

const char *drift_kind_name(enum drift_kind kind)
{
	switch (kind) {
	case DRIFT_ADDRESS:
		return "address";
	case DRIFT_LO:
		return "lo";
	case DRIFT_NAT_RULE:
		return "nat_rule";
	case DRIFT_NAT_ADDRESS:
		return "nat_address";
	case DRIFT_SESSION:
		return "session";
	case DRIFT_KINDS:
		break;
	}
	return "";
}
