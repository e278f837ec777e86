/* SPDX-License-Identifier: ISC */
/* metrics.prom: the numbers of a report in the text format of Prometheus.
 *
 * docs/DIAGNOSTICS.md lists the metrics. Units are seconds and bytes, names
 * follow the conventions that promtool checks. Nothing is allocated. */
#ifndef INIT_REPORT_PROMETHEUS_H
#define INIT_REPORT_PROMETHEUS_H

#include "init/report/diagnostic_json.h"
#include "init/text/json_writer.h"

/* Put the whole text. Of *j only put, context and err are used; -EAGAIN there
 * when the board's head was torn. A torn row has no samples this time. */
void metrics_write(struct json *j, const struct report *r);

#endif
