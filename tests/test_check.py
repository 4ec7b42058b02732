"""What a rule reads, and which rules are local."""

import pytest
import torch

from hebbnotes import check, rules


def test_reads_refuses_a_synapse_that_is_not_there_and_a_rule_of_another_shape():
    with pytest.raises(ValueError, match="no synapse"):
        check.reads(rules.hebb, 9, 0)
    with pytest.raises(ValueError, match="must return dw of shape"):
        check.reads(lambda w, pre, post: pre, 0, 0)


@pytest.mark.parametrize("rule", [rules.hebb, rules.decay, rules.oja], ids=lambda r: r.__name__)
def test_a_rule_of_the_common_form_reads_its_own_two_units_and_what_it_forgets(rule):
    for i in range(4):
        for j in range(3):
            seen = check.reads(rule, i, j)
            own = torch.zeros(4, 3, dtype=torch.bool)
            own[i, j] = True
            assert torch.equal(seen.w | own, own)
            assert seen.pre.nonzero().flatten().tolist() == [i]
            assert seen.post.nonzero().flatten().tolist() == [j]
            assert rule is rules.hebb or seen.w[i, j]


FOREIGN = {
    r"pre\(1,\)": lambda w, pre, post: rules.hebb(w, pre, post) + pre.roll(-1)[:, None],
    r"post\(1,\)": lambda w, pre, post: rules.hebb(w, pre, post) + post.roll(-1),
    r"w\(0, 1\)": lambda w, pre, post: rules.hebb(w, pre, post) + w.roll(-1, 1),
    r"w\(1, 0\)": lambda w, pre, post: rules.hebb(w, pre, post) + w.roll(-1, 0),
    r"w\(3, 2\)": lambda w, pre, post: rules.hebb(w, pre, post) + 0 * w[3, 2],
}


@pytest.mark.parametrize("message", FOREIGN)
def test_a_rule_that_is_not_local_is_told_what_it_reads(message):
    with pytest.raises(AssertionError, match=rf"the synapse \(0, 0\) reads .*{message}"):
        check.local(FOREIGN[message])


def test_what_is_no_rule_is_refused():
    with pytest.raises(TypeError, match="rule must be a function"):
        check.reads("hebb", 0, 0)
    with pytest.raises(ValueError, match="must return dw of shape"):
        check.local(lambda w, pre, post: 1.0)
    with pytest.raises(ValueError, match="no synapse"):
        check.reads(rules.hebb, 0, -1)
