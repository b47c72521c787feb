def after_tag(context, tag):
    print("in after_tag")
    if tag in ("broken", "broken_rule", "whole"):
        assert False, "after_tag is broken"
