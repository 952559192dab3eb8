#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/needs.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// One training by several processes: the same bytes as by one, and an end where one of them ends.

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNoMpi =
    "built without libopenmpi-dev or with the thread sanitizer, or without mpirun";

/// For Open MPI as root, on fewer cores than processes, by shared memory alone.
const std::string kMpirun =
    "env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "
    "OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_pml=ob1 "
    "OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none "
    "OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_opal_signal= ASAN_OPTIONS=detect_leaks=0 "
    "timeout 100 mpirun -q ";

std::string on(int processes) {
  return processes == 1 ? "" : kMpirun + fmt::format("-n {} ", processes);
}

struct ProcessesFixture {
  TemporaryFolder folder;

  ProcessesFixture() { make_data(folder / "data"); }

  /// Batches of five images, which 3 or 4 shards do not divide.
  std::string train(const std::string& out, const std::string& more) const {
    return "train --data " + quoted(folder / "data") +
           " --recipe paper --image 16 --depth 1 --base-width 2 --batch 5 --history-size 2 --seed 3 "
           "--split random " +
           (more.find("--epochs") == std::string::npos ? "--epochs 2 " : "") + more + " --out " +
           quoted(folder / out);
  }
  std::string resume(const std::string& out) const {
    return "train --resume " + quoted(folder / out) + " --threads 1 ";
  }
  void same(const std::string& a, const std::string& b) const {
    for (const char* name : {"last.safetensors", "best.safetensors", "checkpoint.safetensors",
                             "steps.csv", "epochs.csv", "metrics.json", "per_image.csv"}) {
      const std::string expected = read_text(folder / a / name);
      CHECK_MESSAGE(!expected.empty(), a, ": ", name);
      CHECK_MESSAGE(read_text(folder / b / name) == expected, b, ": ", name);
    }
  }
  std::string second_line(const std::string& run) const {
    const std::string steps = read_text(folder / run / "steps.csv");
    const std::size_t first = steps.find('\n') + 1;
    return steps.substr(first, steps.find('\n', first) - first);
  }
};

}  // namespace

TEST_CASE_FIXTURE(ProcessesFixture,
                  "shards: the losses see the sums of the whole batch, however it is cut") {
  // Nothing else in this network crosses images, so the first step's losses are those of one shard. A
  // mean of the shards' own losses would differ.
  const std::string options =
      "--norm group --norm-groups 2 --epochs 1 --losses "
      "cce,mean_dice,tversky,lovasz_softmax,hausdorff_dt --weighting fixed ";
  for (const int shards : {1, 3, 4}) {
    const Outcome outcome =
        run(train(fmt::format("{}", shards), options + fmt::format("--shards {}", shards)));
    REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
    CHECK(second_line(fmt::format("{}", shards)) == second_line("1"));
  }
  CHECK(read_text(folder / "3/last.safetensors") != read_text(folder / "1/last.safetensors"));
}

TEST_CASE_FIXTURE(ProcessesFixture, "shards: what cannot be cut is refused before it is begun") {
  const auto refuses = [&](const std::string& more, const std::string& text) {
    is_one_error_line(run(train("refused", more)), 1, text);
    CHECK(!fs::exists(folder / "refused"));
  };
  refuses(
      "--shards 6",
      "--shards 6: 10 images an epoch in batches of at most 5 make batches of 5, which cannot be "
      "cut into so many. Give fewer shards or a larger --batch.");
  refuses("--shards 2 --weighting mgda --gradients-at parameters",
          "--shards 2 with --gradients-at parameters: the losses' gradients of shards are taken at "
          "the logits alone. Give --gradients-at logits or --shards 1.");
}

TEST_CASE_FIXTURE(ProcessesFixture,
                  "processes: a grid that a launcher started beside others trains each run alone") {
  const std::string command =
      train("grid", "--epochs 1 --repeats 1 --configurations fixed --shard 1/1").substr(6);
  const Outcome outcome =
      run("experiment " + command, "env SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0 PMI_SIZE=2 ");
  CHECK_MESSAGE(outcome.code == 0, outcome.text);
}

TEST_CASE("processes: a build without MPI that is one of several refuses" *
          needs(!DMF_WITH_MPI, "built with MPI")) {
  const TemporaryFolder folder;
  const std::string command = "train --data x --out " + quoted(folder / "run");
  is_one_error_line(run(command, "env OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 "), 1,
                    "started as one of 2, but built without MPI: all would write to one folder.");
  const Outcome other = run(command, "env OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=1 ");
  CHECK(other.code == 1);
  CHECK(other.text.empty());
}

TEST_CASE_FIXTURE(ProcessesFixture,
                  "processes: 1, 2 and 4 with 1 and 2 threads train to the same bytes" *
                      needs(DMF_WITH_MPIRUN, kNoMpi)) {
  const std::vector<std::string> all = {
      "--losses cce,mean_dice,focal,cb_dice --auxiliary tversky --weighting bayesian --augment strong "
      "--dropout 0.2 --ema 0.9 --clip-norm 0.1",
      "--losses cce,lovasz_softmax,boundary --weighting mgda --record-gradients",
      "--losses cce,mean_dice --weighting famo --reduction image --epochs 1",
      "--losses cce,mean_dice --probability-masks --soft-labels --epochs 1 --updates 4"};
  for (std::size_t k = 0; k < all.size(); ++k) {
    CAPTURE(all[k]);
    for (const int processes : {1, 2, 4}) {
      const std::string out = fmt::format("{}_{}", k, processes);
      const Outcome outcome =
          run(train(out, all[k] + fmt::format(" --shards 4 --threads {}", 1 + processes % 2)),
              on(processes));
      REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
      same(fmt::format("{}_1", k), out);
    }
  }
}

TEST_CASE_FIXTURE(ProcessesFixture,
                  "processes: a run goes on with any number of them, to the same bytes" *
                      needs(DMF_WITH_MPIRUN, kNoMpi)) {
  const std::string options = "--shards 4 --threads 1 --epochs 10 --checkpoint-every 1 --ema 0.9 ";
  REQUIRE(run(train("whole", options)).code == 0);
  // The first process, which alone writes, gets a signal as it writes, and all stop for it.
  const std::string signal =
      fmt::format("env LD_PRELOAD=" DMF_FAULTY_IO
                  " DMF_FAULT=kill DMF_FAULT_PATH=cut DMF_FAULT_AFTER=60 DMF_FAULT_SIGNAL={} ",
                  SIGUSR1);
  std::string command = train("cut", options);
  for (const int processes : {4, 2, 1}) {
    CAPTURE(processes);
    const Outcome outcome = run(command, signal + on(processes));
    CHECK_MESSAGE(outcome.text.find("all of it saved. Go on with: " DMF_PROGRAMS
                                    "/train --resume") != std::string::npos,
                  outcome.text);
    command = resume("cut");
  }
  const Outcome last = run(resume("cut"), on(4));
  REQUIRE_MESSAGE(last.code == 0, last.text);
  same("whole", "cut");
}

TEST_CASE_FIXTURE(ProcessesFixture,
                  "processes: where one is killed or hangs all end, and the run can go on" *
                      needs(DMF_WITH_MPIRUN, kNoMpi)) {
  const std::string options = "--shards 4 --threads 1 --epochs 400 --checkpoint-every 1 ";
  const std::string command = train("run", options + "--overwrite --wait-limit 1");
  const std::string program = DMF_PROGRAMS "/";
  for (const std::string signal : {"KILL", "STOP"}) {
    for (const int which : {0, 1}) {
      CAPTURE(signal);
      CAPTURE(which);
      const std::string lost = "-n 1 timeout -s " + signal + " 2 ";
      const std::string first = (which == 0 ? lost : "-n 1 ") + program + command + " : ";
      const Outcome outcome = run(command, kMpirun + first + (which == 1 ? lost : "-n 1 "));
      CHECK_MESSAGE(outcome.code != 0, outcome.text);
      CHECK_MESSAGE(outcome.code != 124, outcome.text);  // by itself
      if (signal == "STOP") {
        CHECK_MESSAGE(outcome.text.find(fmt::format("[processes] process {} on ", which)) !=
                          std::string::npos,
                      outcome.text);
        CHECK_MESSAGE(outcome.text.find(" did not come within 1 s (--wait-limit) while the others "
                                        "were at ") != std::string::npos,
                      outcome.text);
      }
      REQUIRE(fs::exists(folder / "run/checkpoint.safetensors"));
      CHECK(run(resume("run"), "timeout --preserve-status -s USR1 0.5 ").code != 1);
    }
  }
}

TEST_CASE_FIXTURE(ProcessesFixture, "processes: one line where they do not fit or do not agree" *
                                        needs(DMF_WITH_MPIRUN, kNoMpi)) {
  const auto refuses = [&](const std::string& prefix, const std::string& command,
                           const std::string& text) {
    const Outcome outcome = run(command, prefix);
    CHECK_MESSAGE(outcome.code == 1, outcome.text);
    const std::size_t at = outcome.text.find(text);
    CHECK_MESSAGE(at != std::string::npos, outcome.text);
    CHECK_MESSAGE(outcome.text.find("[", at + text.size()) == std::string::npos, outcome.text);
    CHECK(!fs::exists(folder / "refused"));
  };
  refuses(on(4), train("refused", "--shards 2"),
          "train: [train] 4 processes cannot share 2 shards: expected --shards to be a multiple of "
          "the processes.");
  const std::string fits = train("refused", "--shards 2");
  const std::string beside = kMpirun + "-n 1 " DMF_PROGRAMS "/" + fits + " : -n 1 ";
  refuses(beside, train("refused", "--shards 2 --lr 0.5"),
          "train: [train] the configuration of process 1 on ");
  refuses(beside, "train --data nowhere --shards 2 --out " + quoted(folder / "refused"),
          ": [data] nowhere is not a folder");
  fs::copy(folder / "data", folder / "other", fs::copy_options::recursive);
  fs::copy_file(folder / "data/benign/benign (1).png", folder / "other/benign/benign (2).png",
                fs::copy_options::overwrite_existing);
  std::string others = fits;
  const std::string data = (folder / "data").string();
  others.replace(others.find(data), data.size(), (folder / "other").string());
  refuses(beside, others, "train: [train] the data set of process 1 on ");
}

}  // namespace dmf
