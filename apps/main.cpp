// The main of every program that is one of its own: DMF_MAIN is its function.
#include "apps/programs.h"

int main(int argc, char** argv) {
  return dmf::DMF_MAIN({argc, argv});
}
