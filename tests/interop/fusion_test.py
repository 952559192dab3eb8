"""The weighting rules from Python, by ctypes: an example, and the test that it works.

usage: fusion_test.py LIBRARY
"""
import ctypes
import math
import sys

FAILED = []
DOUBLES = ctypes.POINTER(ctypes.c_double)


class Fusion:
    """Weights of several losses, as dmf/c/dmf_fusion.h has them."""

    library = None

    def __init__(self, losses, weighting, options=""):
        names = (ctypes.c_char_p * len(losses))(*[name.encode() for name in losses])
        self.count = len(losses)
        self.handle = self.library.dmf_fusion_create(self.count, names, weighting.encode(), options.encode())
        if not self.handle:
            raise ValueError(self.library.dmf_fusion_error().decode())

    def __del__(self):
        self.library.dmf_fusion_destroy(getattr(self, "handle", None))

    def step(self, values, gram=None):
        """This step's losses, and for rules on gradients their inner products: weights and gamma."""
        weights, gamma = (ctypes.c_double * self.count)(), ctypes.c_double()
        products = None if gram is None else numbers([x for row in gram for x in row])
        self.checked(self.library.dmf_fusion_step(self.handle, numbers(values), products, weights, ctypes.byref(gamma)))
        return list(weights), gamma.value

    def losses_after(self, values):
        self.checked(self.library.dmf_fusion_losses_after(self.handle, numbers(values)))

    def needs(self):
        return self.library.dmf_fusion_needs(self.handle)

    def state(self):
        size = self.library.dmf_fusion_state(self.handle, None, 0)
        kept = (ctypes.c_double * size)()
        self.library.dmf_fusion_state(self.handle, kept, size)
        return list(kept)

    def load_state(self, kept):
        self.checked(self.library.dmf_fusion_load_state(self.handle, numbers(kept), len(kept)))

    def checked(self, status):
        if status != 0:
            raise ValueError(self.library.dmf_fusion_error().decode())


def numbers(values):
    return (ctypes.c_double * len(values))(*values)


def open_library(path):
    library = ctypes.CDLL(path)
    library.dmf_fusion_create.restype = ctypes.c_void_p
    library.dmf_fusion_create.argtypes = [ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.c_char_p, ctypes.c_char_p]
    library.dmf_fusion_destroy.argtypes = [ctypes.c_void_p]
    library.dmf_fusion_destroy.restype = None
    library.dmf_fusion_error.restype = ctypes.c_char_p
    library.dmf_fusion_needs.argtypes = [ctypes.c_void_p]
    library.dmf_fusion_step.argtypes = [ctypes.c_void_p, DOUBLES, DOUBLES, DOUBLES, DOUBLES]
    library.dmf_fusion_losses_after.argtypes = [ctypes.c_void_p, DOUBLES]
    library.dmf_fusion_state.argtypes = [ctypes.c_void_p, DOUBLES, ctypes.c_size_t]
    library.dmf_fusion_state.restype = ctypes.c_size_t
    library.dmf_fusion_load_state.argtypes = [ctypes.c_void_p, DOUBLES, ctypes.c_size_t]
    Fusion.library = library


def close(a, b, tolerance=1e-12):
    return len(a) == len(b) and all(abs(x - y) <= tolerance for x, y in zip(a, b))


def a_rule_on_the_losses_alone():
    fusion = Fusion(["cce", "dice"], "uwso", "uwso-temperature=0.5\nweight-scale=published\n")
    weights, gamma = fusion.step([0.5, 2.0])
    powers = [math.exp(2.0 / 0.5), math.exp(0.5 / 0.5)]
    assert close(weights, [p / sum(powers) for p in powers]), weights
    assert gamma == 5.0 and fusion.needs() == 0


def a_training_is_minimised():
    """Two losses of one number x, x^2 and (x - 1)^2, weighed by MGDA: x goes to where neither can gain."""
    fusion, x = Fusion(["a", "b"], "mgda"), 3.0
    assert fusion.needs() == 1
    for _ in range(200):
        slopes = [2.0 * x, 2.0 * (x - 1.0)]
        gram = [[p * q for q in slopes] for p in slopes]
        weights, _ = fusion.step([x * x, (x - 1.0) ** 2], gram)
        x -= 0.05 * sum(w * s for w, s in zip(weights, slopes))
    assert 0.0 <= x <= 1.05, x


def another_one_goes_on_from_its_state():
    def series(step):
        return [1.0 / (1 + step), 2.0 / (1 + 0.3 * step * step), 0.5 + 0.1 * math.sin(step)]

    for rule in ["variance", "bayesian", "softadapt", "relobralo", "random", "uw", "famo"]:
        made = [Fusion(["a", "b", "c"], rule, "history-size=4\nseed=3\n") for _ in range(2)]
        first, second = made
        for step in range(20):
            if step == 9:
                second.load_state(first.state())
            wanted = first.step(series(step))
            if first.needs() & 2:
                first.losses_after(series(step + 0.5))
            if step >= 9:
                assert second.step(series(step)) == wanted, (rule, step)
                if second.needs() & 2:
                    second.losses_after(series(step + 0.5))


def refused(what, text):
    try:
        what()
    except ValueError as problem:
        assert text in str(problem) and "\n" not in str(problem), problem
    else:
        raise AssertionError(f"not refused: {text}")


def what_cannot_be_is_one_line():
    refused(lambda: Fusion(["a"], "nonesuch"), "nonesuch")
    refused(lambda: Fusion([], "fixed"), "at least one loss")
    refused(lambda: Fusion(["a"], "dwa", "dwa-temperature=hot\n"), "got 'hot', expected a number")
    refused(lambda: Fusion(["a"], "dwa", "temperature\n"), "expected key=value")
    refused(lambda: Fusion(["a"], "dwa", "warmth=1\n"), "no option 'warmth'")
    refused(lambda: Fusion(["a", "b"], "fixed").step([1.0, float("nan")]), "'b'")
    refused(lambda: Fusion(["a", "b"], "mgda").step([1.0, 2.0]), "gradients")
    refused(lambda: Fusion(["a", "b"], "fixed").load_state([1.0, 2.0]), "the state is none")
    refused(lambda: Fusion(["a", "b"], "fixed").load_state([0.0, 1e9, 1e9, 0.0]), "the state is none")


open_library(sys.argv[1])
TESTS = [a_rule_on_the_losses_alone, a_training_is_minimised, another_one_goes_on_from_its_state, what_cannot_be_is_one_line]
for test in TESTS:
    try:
        test()
    except AssertionError as problem:
        FAILED.append(test.__name__)
        print(f"failed: {test.__name__}: {problem}")
print(f"{len(TESTS) - len(FAILED)} passed, {len(FAILED)} failed, 0 skipped")
sys.exit(1 if FAILED else 0)
