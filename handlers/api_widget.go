package handlers

import (
	"context"

	"github.com/insighto/insighto/db"
)

type wireWidget struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	AssistantID    string `json:"assistant_id"`
	WidgetType     string `json:"widget_type"`
	WidgetProvider string `json:"widget_provider,omitempty"`
}

func (s *server) apiWidgets(ctx context.Context, p db.Principal, in *Paging) (*items[wireWidget], error) {
	list, err := s.Store.Widgets(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return listed(list, func(w db.Widget) wireWidget {
		return wireWidget{ID: w.ID, Name: w.Name, AssistantID: w.AssistantID, WidgetType: w.Type, WidgetProvider: w.Provider}
	}), nil
}
