#include "apps/run/new_run.h"

#include "apps/run/run_identity.h"
#include "apps/support/console.h"
#include "engine/io/atomic_file.h"
#include "engine/io/hash.h"

namespace dmf {

void identify(NewRun& run) {
  run.from.id = run_id(run_definition(run.config, run.split), run.from.fingerprint);
  run.from.files["split.csv"] = hash_of(run.split);
}

void write_beginning(const std::filesystem::path& folder, const NewRun& run) {
  Provenance from = run.from;
  add_warnings(from, warnings_given());
  write_provenance(folder / "run.json", from);
  if (!std::filesystem::exists(folder / "split.csv")) {
    write_file_atomically(folder / "split.csv", run.split);
  }
  if (!std::filesystem::exists(folder / "config.toml")) {
    write_file_atomically(folder / "config.toml", with_run_id(run.config, run.from.id));
  }
}

}  // namespace dmf
