/* SPDX-License-Identifier: ISC */
/* The table of the helpers' mains, apart from the frame: a program that links
 * the frame alone links no helper. */
#include "init/helper/helper.h"

helper_main *const helper_mains[BOARD_HELPERS] = {
	[BOARD_RECORDER] = recorder_main,
	[BOARD_RELAY] = relay_main,
	[BOARD_FILES] = files_main,
	[BOARD_CONTROL] = control_main,
	[BOARD_INSPECTOR] = inspector_main,
	[BOARD_PROBER] = prober_main,
};
