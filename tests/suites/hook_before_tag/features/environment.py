def before_tag(context, tag):
    print("in before_tag")
    if tag in ("broken", "broken_rule", "whole"):
        raise RuntimeError("before_tag is broken")
