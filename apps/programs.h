#pragma once

#include "apps/support/call.h"

namespace dmf {

// Every program is a function, train_program() in train.cpp: `build/release/apps/train` calls that one
// (main.cpp), `dmf train` chooses it by its name (dmf.cpp).
//
// return  exit status, as run_program() has it
#define DMF_PROGRAM(NAME, WHAT) int NAME##_program(const Call& call);
#include "apps/programs.def"
#undef DMF_PROGRAM

}  // namespace dmf
